"""Request types of batches, and the lines of their files.

Reference: the openai package, ``Batch``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from typing import Any, Literal, get_args

from pydantic import Field
from pydantic_core import from_json, to_json

from wire.answers import Answer
from wire.errors import echo
from wire.ids import new_id
from wire.limits import MAX_CUSTOM_ID_CHARS
from wire.openai.objects import ListPage, Metadata
from wire.requests import StoredBody

Endpoint = Literal[
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/moderations",
]
WINDOW_S = 24 * 3600
MAX_ERRORS = 100
"""Maximum number of errors in the batch object; more would make each retrieval slow."""

REFUSED = {
    "stream": "an answer is a line of a file",
    "background": "the batch is in the background",
    "conversation": "a line whose server ended is asked again, and would be said twice",
}
"""Fields that a line's request must not set, and why."""


class OutputExpiry(StoredBody):
    """Lifetime of a batch's output files."""

    anchor: Literal["created_at"]
    seconds: int = Field(ge=3600, le=2_592_000)


class BatchRequest(StoredBody):
    """Body of ``POST /v1/batches``."""

    input_file_id: str
    endpoint: Endpoint
    completion_window: Literal["24h"]
    metadata: Metadata | None = None
    output_expires_after: OutputExpiry | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch."""

    number: int
    custom_id: str
    body: dict[str, Any]


class BadLineError(Exception):
    """A line that is not a valid request."""

    def __init__(
        self, code: str, message: str, param: str | None = None, custom_id: str | None = None
    ) -> None:
        super().__init__(code, message, param, custom_id)
        self.code = code
        self.message = message
        self.param = param
        self.custom_id = custom_id


class BatchError(Answer):
    """Why a batch or a line of it failed."""

    code: str
    message: str
    param: str | None
    line: int | None
    """Of the input file; the first is 1."""


class BatchErrors(Answer):
    """Why a batch failed, as far as lines of its file are the cause."""

    object: Literal["list"] = "list"
    data: list[BatchError]


class BatchRequestCounts(Answer):
    """The progress of a batch."""

    total: int = 0
    """0 until the file has been read."""
    completed: int = 0
    failed: int = 0
    """Lines of the error file, including those that were not executed."""


class BatchInputTokensDetails(Answer):
    """Of the tokens that were read."""

    cached_tokens: int = 0


class BatchOutputTokensDetails(Answer):
    """Of the tokens that were written."""

    reasoning_tokens: int = 0


class BatchUsage(Answer):
    """The usage of the answered lines."""

    input_tokens: int = 0
    input_tokens_details: BatchInputTokensDetails = BatchInputTokensDetails()
    output_tokens: int = 0
    output_tokens_details: BatchOutputTokensDetails = BatchOutputTokensDetails()
    total_tokens: int = 0


class Batch(Answer):
    """A batch. Times are Unix times; null: it has not happened."""

    id: str
    object: Literal["batch"] = "batch"
    endpoint: str
    model: str | None = None
    """The model of the first answered line."""
    errors: BatchErrors | None = None
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
    ] = "validating"
    output_file_id: str | None = None
    """Null also when no line succeeded."""
    error_file_id: str | None = None
    """Null also when every line succeeded."""
    created_at: int
    in_progress_at: int | None = None
    expires_at: int
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    request_counts: BatchRequestCounts = BatchRequestCounts()
    usage: BatchUsage = BatchUsage()
    metadata: dict[str, str] | None


class BatchList(ListPage[Batch]):
    """A page of batches, the newest first."""


class BatchLineResponse(Answer):
    """The answer to the request of a line."""

    status_code: int
    request_id: str
    body: Any


class BatchResultLine(Answer):
    """A line of an output or error file."""

    id: str
    custom_id: str | None
    response: BatchLineResponse | None = None
    error: BatchError | None = None


def new_batch(request: BatchRequest) -> Batch:
    """Return a new batch in status ``validating``."""
    now = int(time())
    return Batch(
        id=new_id("batch"),
        endpoint=request.endpoint,
        input_file_id=request.input_file_id,
        completion_window=request.completion_window,
        created_at=now,
        expires_at=now + WINDOW_S,
        metadata=request.metadata,
    )


def read_line(raw: bytes | None, number: int, endpoint: str) -> Line:
    """Parse a line; None stands for a line that was too long to read.

    Raises:
        BadLineError: the line is invalid.
    """
    if raw is None:
        raise BadLineError("line_too_long", "This line is longer than a request's body may be.")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadLineError(
            "invalid_json_line", f"This line is not UTF-8, which batches are in: {error.reason}."
        ) from error
    try:
        line = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise BadLineError(
            "invalid_json_line", f"This line is not parseable as valid JSON: {error}."
        ) from error
    if not isinstance(line, dict):
        raise BadLineError("invalid_json_line", "This line is not a JSON object.")
    return _check_line(line, number, endpoint)  # pyright: ignore[reportUnknownArgumentType]


def _check_line(line: dict[str, Any], number: int, endpoint: str) -> Line:
    custom_id = line.get("custom_id")
    if not isinstance(custom_id, str) or not 0 < len(custom_id) <= MAX_CUSTOM_ID_CHARS:
        raise BadLineError(
            "invalid_custom_id",
            f"Each line needs a 'custom_id', a text of 1 to {MAX_CUSTOM_ID_CHARS} characters.",
            "custom_id",
        )
    if line.get("method") != "POST":
        raise BadLineError(
            "invalid_method",
            f"'method' must be 'POST', received {echo(line.get('method'))}.",
            "method",
            custom_id,
        )
    if line.get("url") != endpoint:
        raise BadLineError(
            "url_mismatch",
            f"'url' must be the batch's endpoint '{endpoint}', received {echo(line.get('url'))}.",
            "url",
            custom_id,
        )
    body = line.get("body")
    if not isinstance(body, dict):
        raise BadLineError("invalid_body", "'body' must be an object.", "body", custom_id)
    for name, reason in REFUSED.items():
        if body.get(name):
            message = f"'{name}' has no place in a batch: {reason}."
            raise BadLineError("unsupported_parameter", message, f"body.{name}", custom_id)
    fields: dict[str, Any] = body
    if endpoint == "/v1/responses":
        fields = {"store": False, **fields}
    return Line(number, custom_id, fields)


def output_line(custom_id: str, status: int, request_id: str, body: Any) -> bytes:
    """Return the output line of an answered request."""
    response = BatchLineResponse(status_code=status, request_id=request_id, body=body)
    return _result_line(custom_id, response=response)


def error_line(error: BadLineError, number: int) -> bytes:
    """Return the error line of a request that was not executed."""
    reason = BatchError(code=error.code, message=error.message, param=error.param, line=number)
    return _result_line(error.custom_id, error=reason)


def _result_line(
    custom_id: str | None,
    *,
    response: BatchLineResponse | None = None,
    error: BatchError | None = None,
) -> bytes:
    line = BatchResultLine(
        id=new_id("batch_req"), custom_id=custom_id, response=response, error=error
    )
    return to_json(line, inf_nan_mode="null")


def batch_errors(*errors: tuple[str, str, str | None, int | None]) -> BatchErrors:
    """Return the ``errors`` of a failed batch, from code, message, parameter and line of each."""
    reasons = [
        BatchError(code=code, message=message, param=param, line=line)
        for code, message, param, line in errors[:MAX_ERRORS]
    ]
    return BatchErrors(data=reasons)


def as_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the usage of an answer of any endpoint into the usage of a batch."""
    read = usage.get("input_tokens", usage.get("prompt_tokens")) or 0
    written = usage.get("output_tokens", usage.get("completion_tokens")) or 0
    of_read = usage.get("input_tokens_details") or usage.get("prompt_tokens_details") or {}
    of_written = usage.get("output_tokens_details") or usage.get("completion_tokens_details") or {}
    return BatchUsage(
        input_tokens=read,
        input_tokens_details=BatchInputTokensDetails(
            cached_tokens=of_read.get("cached_tokens") or 0
        ),
        output_tokens=written,
        output_tokens_details=BatchOutputTokensDetails(
            reasoning_tokens=of_written.get("reasoning_tokens") or 0
        ),
        total_tokens=read + written,
    ).model_dump()


def add_usage(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sum of two usages of batches."""
    return {
        name: add_usage(value, other[name]) if isinstance(value, dict) else value + other[name]
        for name, value in one.items()
    }


ENDPOINTS: tuple[str, ...] = get_args(Endpoint)
