"""How every route of a language model answers: resolve, translate, call, wrap."""

from typing import Any

from fastapi import Response
from pydantic_core import to_json

from serve_app.observability import RequestRecord
from serve_app.protocol.chat import Sampling
from serve_app.protocol.common import Call, Wire
from serve_app.protocol.contract import engine_fields
from serve_app.registry import Registry
from serve_app.sse import event_stream

KIND = "chat"


async def answer(
    operation: str, body: Sampling, registry: Registry, record: RequestRecord
) -> Response:
    """Answer by the chat model that ``body`` names."""
    record.kind = KIND
    model = await registry.resolve(body.model, KIND)
    record.model = model.card.id
    fields = engine_fields(body.model_dump(exclude_unset=True), model.card.backend)
    call = Call(
        operation, _engine_body(fields, model.card.id), record.request_id, body.num_answers()
    )
    if body.stream:
        return await event_stream(registry.stream(model, call), record)
    reply = await registry.run(model, call)
    record.usage = reply.usage
    return Response(reply.body, media_type="application/json")


async def ask(
    operation: str, body: Wire, name: str | None, registry: Registry, record: RequestRecord
) -> bytes:
    """Return the JSON with which the chat model ``name`` answers ``body``."""
    record.kind = KIND
    model = await registry.resolve(name, KIND)
    record.model = model.card.id
    fields = engine_fields(body.model_dump(exclude_unset=True), model.card.backend)
    call = Call(operation, _engine_body(fields, model.card.id), record.request_id)
    reply = await registry.run(model, call)
    return reply.body


def _engine_body(fields: dict[str, Any], model_id: str) -> bytes:
    """Return the engine's body: it knows the model by its id, not by an alias."""
    return to_json({**fields, "model": model_id}, inf_nan_mode="null")
