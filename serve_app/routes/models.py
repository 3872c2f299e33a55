"""GET /v1/models and /v1/models/{id}."""

from fastapi import APIRouter, Response

from serve_app.http.json_response import json_response
from serve_app.models.discovery import ServedModel
from serve_app.routes.dependencies import RegistryDep
from wire.openai.models import Model, ModelList

router = APIRouter()


@router.get("/models")
async def list_models(registry: RegistryDep) -> Response:
    """List every model, also those that sleep, load or failed."""
    models = [each for model in registry.models for each in (model, *model.with_adapters())]
    return json_response(ModelList(data=[_to_answer(model) for model in models]))


@router.get("/models/{model:path}")
async def retrieve_model(model: str, registry: RegistryDep) -> Response:
    """Return one model by its id or an alias."""
    return json_response(_to_answer(await registry.get(model)))


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
