"""How every route of a language model answers: resolve, translate, call, wrap."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from fastapi import Response

from serve_app.http.sse import event_stream
from serve_app.http.streaming import Pieces
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.calls import Kind, Operation
from wire.fields import engine_fields
from wire.openai.chat import Sampling
from wire.requests import ModelRequest

Translate = Callable[[bytes], bytes]


async def answer(operation: Operation, body: Sampling, calls: Calls) -> Response:
    """Answer by the chat model that ``body`` names."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    fields = engine_fields(body.model_dump(exclude_unset=True))
    return await send(operation, model, body, fields, calls)


async def send(
    operation: Operation,
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
    slots = body.num_answers()
    if body.stream:
        as_made = translate_event is None
        pieces = calls.stream(model, operation, fields, slots=slots, coalesce=as_made)
        if translate_event is not None:
            pieces = _translated(pieces, translate_event)
        return await event_stream(pieces, calls.record)
    reply = await calls.run(model, operation, fields, slots=slots)
    answer = translate(reply.body) if translate is not None else reply.body
    return Response(answer, media_type="application/json")


async def _translated(pieces: Pieces, translate: Translate) -> Pieces:
    async with aclosing(pieces):
        async for piece in pieces:
            yield translate(piece)


async def ask(operation: Operation, body: ModelRequest, calls: Calls) -> bytes:
    """Return the JSON with which the chat model that ``body`` names answers it."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    reply = await calls.run(model, operation, engine_fields(body.model_dump(exclude_unset=True)))
    return reply.body
