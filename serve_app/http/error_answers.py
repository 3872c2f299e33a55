"""How an error is told: in OpenAI's shape, or in Anthropic's on the paths of its Messages API.

The only module that makes answers of errors. What an error is says :mod:`wire.errors`.
"""

import json
import re
from typing import Any

from starlette.responses import JSONResponse

from wire.errors import (
    APIError,
    ContextLengthError,
    ModelOverloadedError,
    error_body,
    error_headers,
)

ANTHROPICS_PATHS = re.compile(r"(/v1)?/messages(/.*)?")

OVERLOADED = 529
"""Anthropic's status of a server that is full. 429 is a customer's own limit there, and Homeport
sets none."""

ANTHROPICS_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    OVERLOADED: "overloaded_error",
}
"""What Anthropic calls the errors of a status."""


def is_anthropics(path: str) -> bool:
    """Whether clients of Anthropic's API ask at this path."""
    return ANTHROPICS_PATHS.fullmatch(path) is not None


def error_response(error: APIError, path: str, request_id: str) -> JSONResponse:
    """Return the answer that tells of an error, in the shape that is read at this path."""
    if is_anthropics(path):
        body, status = anthropics_body(error, request_id), anthropics_status(error)
    else:
        body, status = error_body(error), error.status
    return JSONResponse(body, status, error_headers(error))


def error_event(error: APIError) -> bytes:
    """Return the event that tells of an error in a stream of OpenAI's."""
    return f"data: {json.dumps(error_body(error))}\n\n".encode()


def anthropics_event(error: APIError, request_id: str) -> bytes:
    """Return the event that tells of an error in a stream of Anthropic's."""
    body = json.dumps(anthropics_body(error, request_id))
    return f"event: error\ndata: {body}\n\n".encode()


def anthropics_status(error: APIError) -> int:
    """Return Anthropic's status of an error."""
    return OVERLOADED if isinstance(error, ModelOverloadedError) else error.status


def anthropics_body(error: APIError, request_id: str) -> dict[str, Any]:
    """Return Anthropic's error object."""
    message = error.message
    if isinstance(error, ContextLengthError):
        # Clients look for these words to know that they must shorten the conversation.
        message = f"prompt is too long: {message}"
    return {
        "type": "error",
        "error": {"type": _anthropics_type(error), "message": message},
        "request_id": request_id,
    }


def _anthropics_type(error: APIError) -> str:
    status = anthropics_status(error)
    if status in ANTHROPICS_TYPES:
        return ANTHROPICS_TYPES[status]
    if status < 500:
        return "invalid_request_error"
    # What says when to come back will pass; Anthropic has one word for that.
    return "overloaded_error" if error.retry_after_s is not None else "api_error"
