"""Models and health."""

from serve_app.openapi.operation import JSON, Operation
from serve_app.routes import health, models
from wire.health import Health, Readiness, Version
from wire.openai.models import Model, ModelList

OPERATIONS = (
    Operation(endpoint=models.list_models, tag="server", answers={JSON: ModelList}),
    Operation(
        endpoint=models.retrieve_model,
        tag="server",
        answers={JSON: Model},
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
