"""Formats errors: in OpenAI's shape, or in Anthropic's on the paths of its Messages API.

On ElevenLabs' paths its ``detail`` is beside OpenAI's object. This is the only module that formats
errors; :mod:`wire.errors` defines them.
"""

import json
import re
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Scope

from wire.errors import (
    APIError,
    ContextLengthError,
    ModelOverloadedError,
    error_body,
    error_headers,
)

ANTHROPIC_PATHS = re.compile(r"(/v1)?/messages(/.*)?")

ELEVENLABS_PATHS = re.compile(r"(/v1)?/(text-to-speech/.*|speech-to-text|voices(/.*)?)|/v2/voices")

MODELS_PATHS = re.compile(r"(/v1)?/models(/.*)?")
ANTHROPIC_HEADER = "anthropic-version"
ELEVENLABS_HEADER = "xi-api-key"
"""By which each service's clients are recognized on the paths that all of them have."""

OVERLOADED = 529
"""Anthropic's status of an overloaded server. Its 429 means the limit of a customer, which Homeport
does not have."""

ANTHROPIC_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    OVERLOADED: "overloaded_error",
}
"""Anthropic's error types by status."""


def is_anthropic_path(path: str) -> bool:
    """Return whether a path is one of Anthropic's API."""
    return ANTHROPIC_PATHS.fullmatch(path) is not None


def is_of_anthropic(scope: Scope) -> bool:
    """Return whether a request is one of Anthropic's API, by its path or, of models, a header."""
    return is_anthropic_path(scope["path"]) or _has_models_header(scope, ANTHROPIC_HEADER)


def _has_models_header(scope: Scope, name: str) -> bool:
    return MODELS_PATHS.fullmatch(scope["path"]) is not None and name in Headers(scope=scope)


def error_response(error: APIError, scope: Scope, request_id: str) -> JSONResponse:
    """Return the response for an error, in the shape that clients of this request expect."""
    path = scope["path"]
    if is_of_anthropic(scope):
        body = anthropic_error_body(error, request_id)
        return JSONResponse(body, anthropic_status(error), error_headers(error))
    body = error_body(error)
    if ELEVENLABS_PATHS.fullmatch(path) or _has_models_header(scope, ELEVENLABS_HEADER):
        # LocalAI's clients, which use these paths too, expect OpenAI's object beside it.
        body["detail"] = {"status": error.code or error.type, "message": error.message}
    return JSONResponse(body, error.status, error_headers(error))


def error_event(error: APIError) -> bytes:
    """Return the event of an error in OpenAI's streams."""
    return f"data: {json.dumps(error_body(error))}\n\n".encode()


def anthropic_error_event(error: APIError, request_id: str) -> bytes:
    """Return the event of an error in Anthropic's streams."""
    body = json.dumps(anthropic_error_body(error, request_id))
    return f"event: error\ndata: {body}\n\n".encode()


def anthropic_status(error: APIError) -> int:
    """Return Anthropic's status of an error."""
    return OVERLOADED if isinstance(error, ModelOverloadedError) else error.status


def anthropic_error_body(error: APIError, request_id: str) -> dict[str, Any]:
    """Return Anthropic's error object."""
    message = error.message
    if error.param is not None and error.param not in message:
        message = f"{error.param}: {message}"  # there is no other place for it
    if isinstance(error, ContextLengthError):
        # Clients look for these words before they shorten the conversation.
        message = f"prompt is too long: {message}"
    details = {} if error.details is None else {"details": error.details}
    return {
        "type": "error",
        "error": {"type": _anthropic_type(error), "message": message, **details},
        "request_id": request_id,
    }


def _anthropic_type(error: APIError) -> str:
    status = anthropic_status(error)
    if status in ANTHROPIC_TYPES:
        return ANTHROPIC_TYPES[status]
    if status < 500:
        return "invalid_request_error"
    # An error with a time to retry will pass, for which Anthropic has one type.
    return "overloaded_error" if error.retry_after_s is not None else "api_error"
