"""The FastAPI application: routes, middleware and the one place that answers with errors."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from serve_app import __version__
from serve_app.addresses import Addresses
from serve_app.auth import Authenticator
from serve_app.composition.background_responses import BackgroundResponses
from serve_app.config import ModerationConfig
from serve_app.error_answers import error_response
from serve_app.errors import (
    APIError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    UnsupportedMediaError,
    from_validation_errors,
)
from serve_app.generated_images import GeneratedImages
from serve_app.middleware import Gate
from serve_app.observability import RequestLog
from serve_app.registry import Registry
from serve_app.remote_files import RemoteFiles
from serve_app.routes import ROOT_ROUTERS, ROUTERS
from serve_app.spoken_answers import SpokenAnswers
from serve_app.storage.database import Database
from serve_app.storage.database_url import MEMORY
from serve_app.storage.files import FileStore
from serve_app.storage.responses import ResponseStore


def create_api(
    registry: Registry,
    keys: frozenset[str],
    *,
    max_body_bytes: int,
    allowed_origins: tuple[str, ...] = (),
    files: FileStore | None = None,
    image_url_ttl_s: float = 3600,
    addresses: Addresses | None = None,
    remote_files: RemoteFiles | None = None,
    database: Database | None = None,
    moderation: ModerationConfig | None = None,
) -> FastAPI:
    """Return the whole HTTP application. ``registry`` is polled while it runs.

    Without ``files`` or ``database``, those are kept in memory; without ``addresses``, no proxy is
    trusted; without ``remote_files``, none are fetched.
    """
    files = files or FileStore("memory://homeport")
    images, spoken_answers = GeneratedImages(files, image_url_ttl_s), SpokenAnswers(files)
    database = database or Database(MEMORY)
    responses = ResponseStore(database)
    log = RequestLog()
    background = BackgroundResponses(registry, database, log)
    api = FastAPI(
        title="Homeport",
        version=__version__,
        lifespan=_in_background(
            database,
            registry.refresh,
            responses.sweep_forever,
            background.work_forever,
            registry.poll,
            images.files.sweep_forever,
            spoken_answers.files.sweep_forever,
        ),
        docs_url=None,  # its page loads scripts from a third party
        redoc_url=None,
        redirect_slashes=False,  # it would send prompt and key on to whatever Host says
    )
    api.state.registry = registry
    api.state.images = images
    api.state.spoken_answers = spoken_answers
    api.state.database = database
    api.state.background = background
    api.state.moderation = moderation or ModerationConfig()
    api.state.addresses = addresses or Addresses()
    api.state.remote_files = remote_files or RemoteFiles((), max_bytes=0, timeout_s=1)
    for router in ROUTERS:
        api.include_router(router, prefix="/v1")
        api.include_router(router, include_in_schema=False)
    for router in ROOT_ROUTERS:
        api.include_router(router)
    api.add_exception_handler(APIError, _answer_error)
    api.add_exception_handler(RequestValidationError, _answer_validation)
    api.add_exception_handler(HTTPException, _answer_http)
    api.add_middleware(
        Gate,
        authenticator=Authenticator(keys),
        log=log,
        max_body_bytes=max_body_bytes,
    )
    if allowed_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=list(allowed_origins),
            allow_methods=["*"],
            allow_headers=["*"],
        )
    return api


def _in_background(
    database: Database,
    first: Callable[[], Awaitable[None]],
    *forever: Callable[[], Coroutine[Any, Any, None]],
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Return a lifespan: database and ``first`` before any request, the rest beside them."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await database.open()
        await first()
        tasks = [asyncio.create_task(work()) for work in forever]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await database.close()

    return lifespan


async def _answer_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, APIError)
    record = request.state.record
    record.error_code = error.label
    return error_response(error, request.scope["path"], record.request_id)


async def _answer_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    if errors[0]["loc"] == ("body",) and not _is_json(request):
        received = request.headers.get("content-type", "none")
        problem: APIError = UnsupportedMediaError(
            f"Content-Type must be application/json, received {received[:100]}."
        )
    else:
        problem = from_validation_errors(errors)
    return await _answer_error(request, problem)


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 404:
        return await _answer_error(request, NotFoundError(f"Unknown path: {path[:200]}."))
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        response = await _answer_error(
            request,
            MethodNotAllowedError(f"{request.method} is not allowed on {path}, only {allowed}."),
        )
        response.headers["Allow"] = allowed
        return response
    return await _answer_error(request, InvalidRequestError(str(error.detail)))


def _is_json(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
