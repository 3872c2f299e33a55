"""Models and health."""

from serve_app.openapi.operation import JSON, Operation
from serve_app.routes import health, models
from wire.anthropic.models import ModelInfo, ModelPage
from wire.elevenlabs.models import SpeechModel
from wire.health import Health, Readiness, Version
from wire.openai.models import Model, ModelList

OPERATIONS = (
    Operation(
        endpoint=models.list_models,
        tag="server",
        answers={JSON: ModelList | ModelPage | list[SpeechModel]},
    ),
    Operation(
        endpoint=models.retrieve_model,
        tag="server",
        answers={JSON: Model | ModelInfo},
        parameters={"model": "gpt-4o"},
        errors=(404,),
    ),
    Operation(endpoint=health.healthz, tag="server", answers={JSON: Health}),
    Operation(
        endpoint=health.readyz,
        tag="server",
        answers={JSON: Readiness},
        other={503: ("Not every model that should run does.", {JSON: Readiness})},
    ),
    Operation(endpoint=health.version, tag="server", answers={JSON: Version}),
)
