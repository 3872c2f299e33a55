"""How every route of a language model answers: resolve, translate, call, wrap."""

from typing import Any

from fastapi import Response

from serve_app.calls import Calls
from serve_app.discovery import ServedModel
from serve_app.protocol.chat import Sampling
from serve_app.protocol.common import ModelRequest
from serve_app.protocol.contract import engine_fields
from serve_app.sse import event_stream

KIND = "chat"


async def answer(operation: str, body: Sampling, calls: Calls) -> Response:
    """Answer by the chat model that ``body`` names."""
    model = await calls.resolve(KIND, body.model, body.backend)
    fields = engine_fields(body.model_dump(exclude_unset=True))
    return await send(operation, model, body, fields, calls)


async def send(
    operation: str, model: ServedModel, body: Sampling, fields: dict[str, Any], calls: Calls
) -> Response:
    """Answer by this model, which is asked ``fields``: whole or as a stream, as ``body`` says."""
    places = body.num_answers()
    if body.stream:
        pieces = calls.stream(model, operation, fields, places=places)
        return await event_stream(pieces, calls.record)
    reply = await calls.run(model, operation, fields, places=places)
    return Response(reply.body, media_type="application/json")


async def ask(operation: str, body: ModelRequest, calls: Calls) -> bytes:
    """Return the JSON with which the chat model that ``body`` names answers it."""
    model = await calls.resolve(KIND, body.model, body.backend)
    reply = await calls.run(model, operation, engine_fields(body.model_dump(exclude_unset=True)))
    return reply.body
