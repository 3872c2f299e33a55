"""The errors of a path: shared responses in OpenAI's format, or Anthropic's for Messages."""

from typing import Any

from serve_app.http.error_answers import OVERLOADED, is_anthropic_path
from serve_app.openapi.operation import JSON, Operation
from serve_app.openapi.schemas import Schemas
from wire.anthropic.messages import MessagesError
from wire.openai.errors import Error

Fields = dict[str, Any]

RETRY_AFTER: Fields = {
    "Retry-After": {
        "description": "Seconds after which the same request may succeed.",
        "schema": {"type": "integer", "minimum": 0},
    }
}

MEANINGS: dict[int, tuple[str, str, Fields]] = {
    400: ("BadRequest", "A wrong or unsupported value, which `param` names; or invalid JSON.", {}),
    401: (
        "Unauthorized",
        "No key or a wrong one.",
        {"WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}}},
    ),
    404: ("NotFound", "There is no such model or object.", {}),
    413: ("TooLarge", "The body is larger than the server accepts.", {}),
    415: ("UnsupportedMediaType", "The body's Content-Type is not supported.", {}),
    422: ("Unprocessable", "A value that cannot be used.", {}),
    429: ("Overloaded", "The model's queue is full.", RETRY_AFTER),
    500: ("ServerError", "An internal error; the log has the cause under the request's id.", {}),
    503: ("Unavailable", "The model is loading, failed to load or was lost.", RETRY_AFTER),
    OVERLOADED: ("Overloaded", "The model's queue is full.", RETRY_AFTER),
}
"""By status: the name of the shared answer, what it means, its own headers."""

TYPES = (Error, MessagesError)

HEADERS: Fields = {
    "RequestId": {
        "description": "The request's id: the client's own if it sent one.",
        "required": True,
        "schema": {"type": "string"},
    },
    "OpenAIVersion": {
        "description": "The version of OpenAI's API.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ProcessingMs": {
        "description": "Milliseconds until the answer began.",
        "required": True,
        "schema": {"type": "integer", "minimum": 0},
    },
}
"""Headers of every answer, which the answers refer to."""


def shared_errors(schemas: Schemas) -> Fields:
    """Return the components that the errors of all paths refer to."""
    shared: Fields = {}
    for status, (name, meaning, headers) in MEANINGS.items():
        for prefix, kind in (("", Error), ("Messages", MessagesError)):
            if (status == OVERLOADED and not prefix) or (status in (422, 429) and prefix):
                continue
            shared[prefix + name] = {
                "description": meaning,
                "headers": {**id_headers(anthropics=bool(prefix)), **headers},
                "content": {JSON: {"schema": schemas.of(kind)}},
            }
    return shared


def errors_of(operation: Operation, path: str, *, has_body: bool, has_query: bool) -> Fields:
    """Return the errors of an operation by their statuses."""
    anthropics = is_anthropic_path(path)
    statuses = {500, *operation.errors}
    if has_body:
        statuses |= {400, 413, 415}
    if has_query:
        statuses.add(400)
    if operation.calls_model:
        statuses |= {404, OVERLOADED if anthropics else 429, 503}
    if operation.uses_database:
        statuses |= {404, 503}
    return {
        str(status): _reference(status, anthropics=anthropics)
        for status in sorted(statuses | {401})
    }


def id_headers(*, anthropics: bool) -> Fields:
    """Return the headers that every answer has."""
    names = {"x-request-id": "RequestId"}
    if anthropics:
        names["request-id"] = "RequestId"
    else:
        names |= {"openai-version": "OpenAIVersion", "openai-processing-ms": "ProcessingMs"}
    return {name: {"$ref": f"#/components/headers/{shared}"} for name, shared in names.items()}


def _reference(status: int, *, anthropics: bool) -> Fields:
    name = ("Messages" if anthropics else "") + MEANINGS[status][0]
    return {"$ref": f"#/components/responses/{name}"}
