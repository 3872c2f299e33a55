"""Batches."""

from serve_app.openapi.answers import batches as answers
from serve_app.openapi.operation import JSON, Operation
from serve_app.routes import batches

OPERATIONS = (
    Operation(
        endpoint=batches.create_batch,
        tag="batches",
        uses_database=True,
        answers={JSON: answers.ModelBatch},
        examples={
            "chat": {
                "input_file_id": "file-0123456789abcdef",
                "endpoint": "/v1/chat/completions",
                "completion_window": "24h",
            },
        },
    ),
    Operation(
        endpoint=batches.list_batches,
        tag="batches",
        uses_database=True,
        answers={JSON: answers.BatchList},
    ),
    Operation(
        endpoint=batches.retrieve_batch,
        tag="batches",
        uses_database=True,
        answers={JSON: answers.ModelBatch},
    ),
    Operation(
        endpoint=batches.cancel_batch,
        tag="batches",
        uses_database=True,
        answers={JSON: answers.ModelBatch},
        errors=(400,),
    ),
)
