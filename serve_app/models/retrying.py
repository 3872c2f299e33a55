"""How work that nobody waits for asks a model: as soon as the model is there and has room."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from time import monotonic
from typing import Any, TypeVar

from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.calls import Kind, Operation, Reply
from wire.errors import ModelNotFoundError, ModelOverloadedError, ModelUnavailableError

T = TypeVar("T")

TRY_FOR_S = 3600
"""How long a model that has no room or no replica is waited for."""
FIND_FOR_S = 120
"""How long one that is not known is: after a start, the ingress may be there before its models."""
RETRY_S = 1
"""How soon a model that does not say when is asked again."""


async def begin_stream(
    calls: Calls, kind: Kind, name: str, operation: Operation, fields: Mapping[str, Any]
) -> AsyncGenerator[bytes]:
    """Return a model's answer in pieces, its first piece made.

    Raises:
        APIError: it cannot answer, or not in time.
    """

    async def begin(model: ServedModel) -> AsyncGenerator[bytes]:
        pieces = calls.stream(model, operation, fields)
        return _with_first(await anext(pieces), pieces)

    return await _when_there(calls, kind, name, begin)


async def find_model(calls: Calls, kind: Kind, name: str | None) -> ServedModel:
    """Return a model, or the first of its kind.

    Raises:
        ModelNotFoundError: there is none, nor does one appear.
    """

    async def itself(model: ServedModel) -> ServedModel:
        return model

    return await _when_there(calls, kind, name, itself)


async def run_model(
    calls: Calls, kind: Kind, name: str, operation: Operation, fields: Mapping[str, Any]
) -> Reply:
    """Return a model's whole answer.

    Raises:
        APIError: it cannot answer, or not in time.
    """
    return await _when_there(calls, kind, name, lambda model: calls.run(model, operation, fields))


async def _when_there(
    calls: Calls, kind: Kind, name: str | None, ask: Callable[[ServedModel], Awaitable[T]]
) -> T:
    began = monotonic()
    while True:
        try:
            return await ask(await calls.resolve(kind, name))
        except (ModelOverloadedError, ModelUnavailableError, ModelNotFoundError) as error:
            retry_for_s = FIND_FOR_S if isinstance(error, ModelNotFoundError) else TRY_FOR_S
            if monotonic() > began + retry_for_s:
                raise
            await asyncio.sleep(error.retry_after_s or RETRY_S)


async def _with_first(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
