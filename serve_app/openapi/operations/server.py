"""Models and health."""

from serve_app.openapi.answers import server as answers
from serve_app.openapi.operation import JSON, Operation
from serve_app.routes import health, models
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
    Operation(endpoint=health.healthz, tag="server", answers={JSON: answers.Alive}),
    Operation(
        endpoint=health.readyz,
        tag="server",
        answers={JSON: answers.Readiness},
        other={503: ("Not every model that should run does.", {JSON: answers.Readiness})},
    ),
    Operation(endpoint=health.version, tag="server", answers={JSON: answers.Version}),
)
