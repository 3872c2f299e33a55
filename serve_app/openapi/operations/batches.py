"""Batches."""

from serve_app.openapi.operation import JSON, Operation
from serve_app.routes import batches
from wire.openai.batches import Batch, BatchList

OPERATIONS = (
    Operation(
        endpoint=batches.create_batch,
        tag="batches",
        uses_database=True,
        answers={JSON: Batch},
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
        answers={JSON: BatchList},
    ),
    Operation(
        endpoint=batches.retrieve_batch,
        tag="batches",
        uses_database=True,
        answers={JSON: Batch},
    ),
    Operation(
        endpoint=batches.cancel_batch,
        tag="batches",
        uses_database=True,
        answers={JSON: Batch},
        errors=(400,),
    ),
)
