"""GET /v1/models and /v1/models/{id}."""

from fastapi import APIRouter

from serve_app.dependencies import RegistryDep
from serve_app.protocol.models import Model, ModelList

router = APIRouter()


@router.get("/models")
async def list_models(registry: RegistryDep) -> ModelList:
    """List every model, also those that sleep, load or failed."""
    models = [each for model in registry.models for each in (model, *model.with_adapters())]
    return ModelList(data=[Model.of(model) for model in models])


@router.get("/models/{model:path}")
async def retrieve_model(model: str, registry: RegistryDep) -> Model:
    """Return one model by its id or an alias."""
    return Model.of(await registry.get(model))
