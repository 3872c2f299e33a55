"""GET /v1/models and /v1/models/{id}, in the shape of the client's own service.

ElevenLabs' clients send their key as ``xi-api-key``, Anthropic's their version.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from serve_app.http.error_answers import ANTHROPIC_HEADER, ELEVENLABS_HEADER
from serve_app.http.json_response import json_response
from serve_app.models.discovery import ServedModel
from serve_app.routes.dependencies import RegistryDep
from wire.anthropic.models import ModelInfo, ModelPage
from wire.calls import Kind
from wire.elevenlabs.models import SpeechModel
from wire.openai.models import Model, ModelList

router = APIRouter()


@router.get("/models")
async def list_models(
    request: Request,
    registry: RegistryDep,
    limit: Annotated[int, Query(ge=1, le=1000)] = 20,
    after_id: str | None = None,
    before_id: str | None = None,
) -> Response:
    """List every model, also those that sleep, load or failed.

    With the header `xi-api-key` it is ElevenLabs' list of models that speak. With
    `anthropic-version` it is Anthropic's of chat models, for which the parameters are.
    """
    models = [each for model in registry.models for each in (model, *model.with_adapters())]
    if ANTHROPIC_HEADER in request.headers:
        infos = [_to_info(model) for model in models if model.card.kind == Kind.CHAT]
        return json_response(ModelPage.of(infos, limit, after_id, before_id))
    if ELEVENLABS_HEADER in request.headers:
        speakers = [model.card for model in models if model.card.kind == Kind.SPEECH]
        return json_response([SpeechModel.of(card) for card in speakers])
    return json_response(ModelList(data=[_to_answer(model) for model in models]))


@router.get("/models/{model:path}")
async def retrieve_model(request: Request, model: str, registry: RegistryDep) -> Response:
    """Return one model by its id or an alias."""
    served = await registry.get(model)
    is_anthropics = ANTHROPIC_HEADER in request.headers
    return json_response(_to_info(served) if is_anthropics else _to_answer(served))


def _to_info(model: ServedModel) -> ModelInfo:
    return ModelInfo.of(model.id, model.card, model.created)


def _to_answer(model: ServedModel) -> Model:
    card = model.card
    return Model(
        id=model.id,
        created=model.created,
        owned_by=card.owned_by,
        kind=card.kind or "unknown",
        state=model.state,
        reason=model.reason or None,
        aliases=[] if model.adapter else list(card.aliases),
        parent=card.id if model.adapter else None,
        context_length=card.context_length,
        dimensions=card.dimensions,
        default_size=card.default_size,
        backend=card.backend,
        description=card.description,
    )
