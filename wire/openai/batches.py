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
from wire.openai.objects import ListPage
from wire.openai.responses import Metadata
from wire.requests import RequestBody

Endpoint = Literal[
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/embeddings",
    "/v1/responses",
    "/v1/moderations",
]
WINDOW_S = 24 * 3600
MAX_LINES = 50_000
MAX_INPUT_BYTES = 200_000_000
"""OpenAI's limits."""
MAX_CUSTOM_ID_CHARS = 512
MAX_ERRORS = 100
"""Maximum number of errors in the batch object; more would make each retrieval slow."""

REFUSED = {
    "stream": "an answer is a line of a file",
    "background": "the batch is in the background",
    "conversation": "a line whose server ended is asked again, and would be said twice",
}
"""Fields that a line's request must not set, and why."""


class OutputExpiry(RequestBody):
    """Lifetime of a batch's output files."""

    anchor: Literal["created_at"]
    seconds: int = Field(ge=3600, le=2_592_000)


class BatchRequest(RequestBody):
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
    """Why a batch failed."""

    code: str
    message: str
    param: str | None
    line: int | None
    """Of the input file; the first is 1."""


class BatchErrors(Answer):
    """Why a batch failed, as far as that is its file's fault line by line."""

    object: Literal["list"]
    data: list[BatchError]


class BatchRequestCounts(Answer):
    """How far a batch is."""

    total: int
    """0 until the file has been looked through."""
    completed: int
    failed: int
    """Lines of the error file, those that were never asked included."""


class BatchInputTokensDetails(Answer):
    """Of the tokens that were read."""

    cached_tokens: int


class BatchOutputTokensDetails(Answer):
    """Of the tokens that were written."""

    reasoning_tokens: int


class BatchUsage(Answer):
    """What the lines that were answered have used."""

    input_tokens: int
    input_tokens_details: BatchInputTokensDetails
    output_tokens: int
    output_tokens_details: BatchOutputTokensDetails
    total_tokens: int


class Batch(Answer):
    """A batch as it is now. Times are Unix times; null: it has not come to that."""

    id: str
    object: Literal["batch"]
    endpoint: str
    model: str | None
    """The model of the first line that was answered."""
    errors: BatchErrors | None
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
    request_counts: BatchRequestCounts
    usage: BatchUsage
    metadata: dict[str, str] | None


class BatchList(ListPage[Batch]):
    """A page of batches, the newest first."""


def batch_of(request: BatchRequest) -> dict[str, Any]:
    """Return a new batch object in status ``validating``."""
    now = int(time())
    return {
        "id": new_id("batch"),
        "object": "batch",
        "endpoint": request.endpoint,
        "model": None,
        "errors": None,
        "input_file_id": request.input_file_id,
        "completion_window": request.completion_window,
        "status": "validating",
        "output_file_id": None,
        "error_file_id": None,
        "created_at": now,
        "in_progress_at": None,
        "expires_at": now + WINDOW_S,
        "finalizing_at": None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": None,
        "cancelled_at": None,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
        "usage": as_usage({}),
        "metadata": request.metadata,
    }


def read_line(raw: bytes | None, number: int, endpoint: str) -> Line:
    """Parse a line; None stands for a line that was too long to read.

    Raises:
        BadLineError: the line is invalid.
    """
    if raw is None:
        raise BadLineError("line_too_long", "This line is longer than a request's body may be.")
    try:
        line = from_json(raw, allow_inf_nan=False)
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
    asked: dict[str, Any] = body
    if endpoint == "/v1/responses":
        asked = {"store": False, **asked}
    return Line(number, custom_id, asked)


def output_line(custom_id: str, status: int, request_id: str, body: Any) -> bytes:
    """Return the output line of an answered request."""
    response = {"status_code": status, "request_id": request_id, "body": body}
    return _result_line(custom_id, response, None)


def error_line(error: BadLineError, number: int) -> bytes:
    """Return the error line of a request that was not executed."""
    told = {"code": error.code, "message": error.message, "param": error.param, "line": number}
    return _result_line(error.custom_id, None, told)


def _result_line(
    custom_id: str | None, response: dict[str, Any] | None, error: dict[str, Any] | None
) -> bytes:
    line = {
        "id": new_id("batch_req"),
        "custom_id": custom_id,
        "response": response,
        "error": error,
    }
    return to_json(line, inf_nan_mode="null")


def batch_errors(*errors: tuple[str, str, str | None, int | None]) -> dict[str, Any]:
    """Return the ``errors`` of a failed batch, from code, message, parameter and line of each."""
    names = ("code", "message", "param", "line")
    return {
        "object": "list",
        "data": [dict(zip(names, each, strict=True)) for each in errors[:MAX_ERRORS]],
    }


def as_usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Convert the usage of an answer of any endpoint into the usage of a batch."""
    read = usage.get("input_tokens", usage.get("prompt_tokens")) or 0
    written = usage.get("output_tokens", usage.get("completion_tokens")) or 0
    of_read = usage.get("input_tokens_details") or usage.get("prompt_tokens_details") or {}
    of_written = usage.get("output_tokens_details") or usage.get("completion_tokens_details") or {}
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": of_read.get("cached_tokens") or 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": of_written.get("reasoning_tokens") or 0},
        "total_tokens": read + written,
    }


def add_usage(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sum of two usages of batches."""
    return {
        name: add_usage(value, other[name]) if isinstance(value, dict) else value + other[name]
        for name, value in one.items()
    }


ENDPOINTS: tuple[str, ...] = get_args(Endpoint)
