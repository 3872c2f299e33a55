"""Parses JSON bodies strictly, with a limit on nesting, and validates them.

pydantic-core's parser stops at a nesting of 200 with an error and refuses lone surrogates, invalid
UTF-8 and the literals NaN and Infinity; ``json.loads`` accepts some of them and exhausts the stack
on others.
"""

import codecs
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic_core import from_json
from starlette.exceptions import HTTPException

from serve_app.http.json_size import check_size
from wire.errors import APIError, InvalidRequestError
from wire.hints import Hints, find_hints
from wire.limits import MAX_BODY_MEMBERS
from wire.validation_errors import from_validation_errors

LARGE_BYTES = 2**16
"""A longer body is read in a thread: 2,000 messages, which are as long, take 40 ms in all."""

Validate = Callable[..., tuple[Any, list[dict[str, Any]]]]
"""FastAPI's function that validates a body."""


@dataclass(frozen=True, slots=True)
class _Validated:
    """A body in its type, which FastAPI passes on."""

    body: Any


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a body contains."""

    parsed: Any
    hints: list[str]
    """Those that it sets."""
    body: Any = None
    error: APIError | None = None


class JSONRequest(Request):
    """A request whose JSON has been read, or is parsed by pydantic-core."""

    async def json(self) -> Any:
        """Return the body for FastAPI."""
        if not hasattr(self, "_json"):
            self._json = _parse(await self.body())
        return self._json

    async def read(self, hints: Hints, validate: Validate) -> None:
        """Parse and validate the body.

        Raises:
            HTTPException: it is no JSON.
            APIError: it has a wrong value.
        """
        body = await self.body()
        await check_size(body)
        record = self.state.record
        reading = partial(_read, body, hints, validate)
        record.is_large = len(body) > LARGE_BYTES
        read = await self.state.thread.run(record.owner, reading) if record.is_large else reading()
        record.ignore(read.hints)
        if read.error is not None:
            raise read.error
        self._json = None if read.parsed is None else _Validated(read.body)


class JSONRoute(APIRoute):
    """A route that reads its body through :class:`JSONRequest`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler, as FastAPI documents for custom requests."""
        handler = super().get_route_handler()
        field = self.body_field
        validate: Validate | None = None
        hints: Hints = {}
        if field is not None:
            hints = getattr(field.field_info.annotation, "hints", {})
            validate = field.validate
            field.validate = partial(_pass_on, validate)

        async def handle(request: Request) -> Response:
            request = JSONRequest(request.scope, request.receive)
            body = await request.body()  # here, because FastAPI hides errors while it reads
            if validate is not None and body and is_json(request):
                await request.read(hints, validate)
            return await handler(request)

        return handle


def _parse(body: bytes) -> Any:
    try:
        # .NET and PowerShell send the mark.
        return from_json(body.removeprefix(codecs.BOM_UTF8), allow_inf_nan=False)
    except ValueError as error:
        # FastAPI replaces the message of any other type.
        raise HTTPException(400, f"The request body is not valid JSON: {error}.") from error


def _read(body: bytes, hints: Hints, validate: Validate) -> _Reading:
    parsed = _parse(body)
    if isinstance(parsed, dict) and (count := len(cast("Any", parsed))) > MAX_BODY_MEMBERS:
        raise InvalidRequestError(
            f"The request body has {count} members; at most {MAX_BODY_MEMBERS} are allowed."
        )
    found = find_hints(parsed, hints) if hints else []
    if parsed is None:
        return _Reading(parsed, found)
    try:
        value, errors = validate(parsed, {}, loc=("body",))
    except APIError as error:
        return _Reading(parsed, found, error=error)
    return _Reading(
        parsed, found, value, from_validation_errors(errors, parsed) if errors else None
    )


def _pass_on(validate: Validate, value: Any, *args: Any, **kwargs: Any) -> tuple[Any, list[Any]]:
    """Return a body that has been validated, and validate others."""
    return (value.body, []) if isinstance(value, _Validated) else validate(value, *args, **kwargs)


def is_json(request: Request) -> bool:
    """Return whether a request announces a JSON body."""
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
