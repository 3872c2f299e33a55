"""Parses JSON bodies strictly, with a limit on nesting.

pydantic-core's parser stops at a nesting of 200 with an error and refuses lone surrogates, invalid
UTF-8 and the literals NaN and Infinity; ``json.loads`` accepts some of them and exhausts the stack
on others.
"""

import codecs
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from serve_app.http.json_size import check_size
from wire.hints import Hints, find_hints


class JSONRequest(Request):
    """A request whose JSON is parsed by pydantic-core."""

    async def json(self) -> Any:
        """Return the parsed body."""
        if not hasattr(self, "_parsed"):
            self._parsed = await self._parse()
        return self._parsed

    async def _parse(self) -> Any:
        body = (await self.body()).removeprefix(codecs.BOM_UTF8)  # as .NET and PowerShell send
        await check_size(body)
        try:
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            # FastAPI replaces the message of any other type.
            raise HTTPException(400, f"The request body is not valid JSON: {error}.") from error


class JSONRoute(APIRoute):
    """A route that reads its body through :class:`JSONRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler, as FastAPI documents for custom requests."""
        handler = super().get_route_handler()
        hints = _hints_of(self)

        async def handle(request: Request) -> Response:
            request = JSONRequest(request.scope, request.receive)
            await request.body()  # here, because FastAPI hides errors while it reads
            if hints and is_json(request):
                request.state.record.ignore(find_hints(await request.json(), hints))
            return await handler(request)

        return handle


def _hints_of(route: APIRoute) -> Hints:
    """Return the fields without effect of a route's body."""
    wire = route.body_field.field_info.annotation if route.body_field else None
    return getattr(wire, "hints", {})


def is_json(request: Request) -> bool:
    """Return whether a request announces a JSON body."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
