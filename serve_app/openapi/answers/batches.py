"""Answers of batches."""

from typing import Literal

from serve_app.openapi.answers.common import Answer


class BatchProblem(Answer):
    """Why a batch failed."""

    code: str
    message: str
    param: str | None
    line: int | None
    """Of the input file; the first is 1."""


class BatchProblems(Answer):
    """Why a batch failed, as far as that is its file's fault line by line."""

    object: Literal["list"]
    data: list[BatchProblem]


class BatchCounts(Answer):
    """How far a batch is."""

    total: int
    """0 until the file has been looked through."""
    completed: int
    failed: int
    """Lines of the error file, those that were never asked included."""


class BatchInputTokens(Answer):
    """Of the tokens that were read."""

    cached_tokens: int


class BatchOutputTokens(Answer):
    """Of the tokens that were written."""

    reasoning_tokens: int


class BatchTokens(Answer):
    """What the lines that were answered have used."""

    input_tokens: int
    input_tokens_details: BatchInputTokens
    output_tokens: int
    output_tokens_details: BatchOutputTokens
    total_tokens: int


class ModelBatch(Answer):
    """A batch as it is now. Times are Unix times; null: it has not come to that."""

    id: str
    object: Literal["batch"]
    endpoint: str
    model: str | None
    """The model of the first line that was answered."""
    errors: BatchProblems | None
    input_file_id: str
    completion_window: Literal["24h"]
    status: Literal[
        "validating",
        "failed",
        "in_progress",
        "finalizing",
        "completed",
        "expired",
        "cancelling",
        "cancelled",
    ]
    output_file_id: str | None
    """Null also when no line was answered well."""
    error_file_id: str | None
    """Null also when every line was."""
    created_at: int
    in_progress_at: int | None
    expires_at: int
    finalizing_at: int | None
    completed_at: int | None
    failed_at: int | None
    expired_at: int | None
    cancelling_at: int | None
    cancelled_at: int | None
    request_counts: BatchCounts
    usage: BatchTokens
    metadata: dict[str, str] | None


class BatchList(Answer):
    """A page of batches, the newest first."""

    object: Literal["list"]
    data: list[ModelBatch]
    first_id: str | None
    last_id: str | None
    has_more: bool
