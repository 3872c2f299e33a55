"""What FastAPI and Starlette raise, and our own errors, as answers in one shape."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from serve_app.http.error_answers import error_response
from serve_app.http.json_body import is_json
from wire.errors import (
    APIError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    UnsupportedMediaError,
)
from wire.validation_errors import from_validation_errors


def add_exception_handlers(api: FastAPI) -> None:
    """Make an application answer every error of a request in our shape."""
    api.add_exception_handler(APIError, _answer_error)
    api.add_exception_handler(RequestValidationError, _answer_validation_error)
    api.add_exception_handler(HTTPException, _answer_http_exception)


async def _answer_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, APIError)
    record = request.state.record
    record.error_code = error.label
    return error_response(error, request.scope, record.request_id)


async def _answer_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if errors[0]["loc"] == ("body",) and not is_json(request):
        received = request.headers.get("content-type", "none")
        problem: APIError = UnsupportedMediaError(
            f"Content-Type must be application/json, received {received[:100]}."
        )
    else:
        problem = from_validation_errors(errors, error.body)
    return await _answer_error(request, problem)


async def _answer_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return await _answer_error(request, NotFoundError(f"Unknown path: {path[:200]}."))
    if error.status_code == 405:
        allowed = _allowed_methods(request)
        method = request.state.record.method
        if method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allowed})
        message = f"{method} is not allowed on {path[:200]}, only {allowed}."
        response = await _answer_error(request, MethodNotAllowedError(message))
        response.headers["Allow"] = allowed
        return response
    return await _answer_error(request, InvalidRequestError(str(error.detail)))


def _allowed_methods(request: Request) -> str:
    """Return the methods of every route with this path; Starlette has those of the first only."""
    methods: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    methods |= {"OPTIONS", *(["HEAD"] if "GET" in methods else ())}
    return ", ".join(sorted(methods))
