"""How every route of a language model answers: resolve, translate, call, wrap."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from fastapi import Response

from serve_app.http.sse import event_stream
from serve_app.http.streaming import Pieces
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.fields import engine_fields
from wire.openai.chat import Sampling
from wire.requests import ModelRequest

KIND = "chat"

Translate = Callable[[bytes], bytes]


async def answer(operation: str, body: Sampling, calls: Calls) -> Response:
    """Answer by the chat model that ``body`` names."""
    model = await calls.resolve(KIND, body.model, body.backend)
    fields = engine_fields(body.model_dump(exclude_unset=True))
    return await send(operation, model, body, fields, calls)


async def send(
    operation: str,
    model: ServedModel,
    body: Sampling,
    fields: dict[str, Any],
    calls: Calls,
    translate: Translate | None = None,
    translate_event: Translate | None = None,
) -> Response:
    """Answer by this model, which is asked ``fields``: whole or as a stream, as ``body`` says.

    The answer, or each event of the stream, is translated where the client's form is another.
    """
    places = body.num_answers()
    if body.stream:
        unread = translate_event is None
        pieces = calls.stream(model, operation, fields, places=places, joined=unread)
        if translate_event is not None:
            pieces = _translated(pieces, translate_event)
        return await event_stream(pieces, calls.record)
    reply = await calls.run(model, operation, fields, places=places)
    answer = translate(reply.body) if translate is not None else reply.body
    return Response(answer, media_type="application/json")


async def _translated(pieces: Pieces, translate: Translate) -> Pieces:
    async with aclosing(pieces):
        async for piece in pieces:
            yield translate(piece)


async def ask(operation: str, body: ModelRequest, calls: Calls) -> bytes:
    """Return the JSON with which the chat model that ``body`` names answers it."""
    model = await calls.resolve(KIND, body.model, body.backend)
    reply = await calls.run(model, operation, engine_fields(body.model_dump(exclude_unset=True)))
    return reply.body
