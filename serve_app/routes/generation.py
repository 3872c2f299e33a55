"""How every route of a language model answers: resolve, translate, call, wrap."""

from fastapi import Response
from pydantic_core import to_json

from serve_app.discovery import ServedModel
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
    model = await _resolve(body.model, registry, record)
    call = _call(operation, body, model, record, body.num_answers())
    if body.stream:
        return await event_stream(registry.stream(model, call), record)
    reply = await registry.run(model, call)
    record.usage = reply.usage
    return Response(reply.body, media_type="application/json")


async def ask(
    operation: str, body: Wire, name: str | None, registry: Registry, record: RequestRecord
) -> bytes:
    """Return the JSON with which the chat model ``name`` answers ``body``."""
    model = await _resolve(name, registry, record)
    reply = await registry.run(model, _call(operation, body, model, record))
    return reply.body


async def _resolve(name: str | None, registry: Registry, record: RequestRecord) -> ServedModel:
    """Return the chat model of this name, and note both for the log."""
    record.kind = KIND
    model = await registry.resolve(name, KIND)
    record.model = model.card.id
    return model


def _call(
    operation: str, body: Wire, model: ServedModel, record: RequestRecord, places: int = 1
) -> Call:
    """Return the engine's call. The engine knows the model by its id, not by an alias."""
    fields = engine_fields(body.model_dump(exclude_unset=True), model.card.backend)
    body_json = to_json({**fields, "model": model.card.id}, inf_nan_mode="null")
    return Call(operation, body_json, record.request_id, places)
