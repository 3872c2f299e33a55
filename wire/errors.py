"""All errors that a client can receive, and the code that turns them into response bodies.

    APIError                        500 server_error
    ├── ModelCallError              500 model_error
    ├── InvalidRequestError         400 invalid_request_error
    │   ├── ContextLengthError      400 context_length_exceeded
    │   ├── ContentPolicyError      400 content_policy_violation
    │   ├── UnsupportedThreadError  400, with Anthropic's details
    │   ├── RequestTooLargeError    413
    │   ├── UnsupportedMediaError   415
    │   ├── UnprocessableError      422
    │   └── UnknownParameterError   400 unknown_parameter
    ├── AuthenticationError         401 invalid_api_key
    ├── NotFoundError               404
    │   └── ModelNotFoundError      404 model_not_found
    ├── MethodNotAllowedError       405
    ├── ModelOverloadedError        429 model_overloaded, with Retry-After
    ├── ModelUnavailableError       503
    │   ├── ModelLoadingError       503 model_loading, with Retry-After
    │   ├── ModelFailedError        503 model_failed
    │   └── ReplicaLostError        503 replica_lost, with Retry-After
    ├── StorageUnavailableError     503 storage_unavailable, with Retry-After
    └── BusyError                   503 busy, with Retry-After

Errors cross processes by pickle, so every constructor takes positional arguments only and hands
all of them to ``Exception``. Status, type and code belong to the class.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self

RETRY_AFTER_S = 1
"""Requests end all the time, so the next one may find room or another replica."""
LOADING_RETRY_AFTER_S = 5
STORAGE_RETRY_AFTER_S = 2

UNKNOWN_PARAMETER = "unknown_parameter"
"""Also the type of pydantic's error about an unknown member, with ``name`` and ``close``."""

MAX_ECHOED_VALUE_CHARS = 80
"""Error messages quote a rejected value up to this length."""


class APIError(Exception):
    """An error with an HTTP status and OpenAI's error body."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "server_error"
    code: ClassVar[str | None] = None
    usual_retry_after_s: ClassVar[int | None] = None
    """Seconds in ``Retry-After`` where an instance sets none; None: no such header."""
    details: ClassVar[Mapping[str, Any] | None] = None
    """What Anthropic's clients read to decide what to do next."""

    def __init__(
        self, message: str, param: str | None = None, retry_after_s: int | None = None, /
    ) -> None:
        if retry_after_s is None:
            retry_after_s = self.usual_retry_after_s
        super().__init__(message, param, retry_after_s)

    @property
    def message(self) -> str:
        """The text that the client reads."""
        return self.args[0]

    @property
    def param(self) -> str | None:
        """The field of the request that is at fault."""
        return self.args[1]

    @property
    def retry_after_s(self) -> int | None:
        """Seconds after which the same request may succeed."""
        return self.args[2]

    def __str__(self) -> str:
        return self.message

    def with_message(self, message: str) -> Self:
        """Return the same error with another message."""
        return type(self)(message, self.param, self.retry_after_s)

    def with_param(self, param: str) -> Self:
        """Return the same error of another field."""
        return type(self)(self.message, param, self.retry_after_s)

    @property
    def label(self) -> str:
        """The name in logs: the code, or the type if there is no code."""
        return self.code or self.type


class ModelCallError(APIError):
    """One of several models of an answer failed; only the log has the reason."""

    code = "model_error"


class InvalidRequestError(APIError):
    """The request is invalid or asks for something that is not supported."""

    status = 400
    type = "invalid_request_error"


class ContextLengthError(InvalidRequestError):
    """The prompt does not fit into the model's context."""

    code = "context_length_exceeded"


class ContentPolicyError(InvalidRequestError):
    """The model's own safety checker rejected its output."""

    code = "content_policy_violation"


class UnsupportedThreadError(InvalidRequestError):
    """The request creates or continues a thread of Anthropic's.

    Its SDK then sends the whole conversation instead.
    """

    details: ClassVar = {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}


class RequestTooLargeError(InvalidRequestError):
    """The body is larger than the server accepts."""

    status = 413
    code = "request_too_large"


class UnsupportedMediaError(InvalidRequestError):
    """The body has a content type that the route does not read."""

    status = 415


class UnprocessableError(InvalidRequestError):
    """The request is well formed, but its content cannot be processed."""

    status = 422


class UnknownParameterError(InvalidRequestError):
    """The body has a member that the request type does not have."""

    code = UNKNOWN_PARAMETER


class AuthenticationError(APIError):
    """The key is missing or wrong."""

    status = 401
    type = "invalid_request_error"
    code = "invalid_api_key"


class NotFoundError(APIError):
    """The path or the object does not exist."""

    status = 404
    type = "invalid_request_error"
    code = "not_found"


class ModelNotFoundError(NotFoundError):
    """No model has this id or alias."""

    code = "model_not_found"


@contextmanager
def naming_parameter(param: str) -> Generator[None]:
    """Add to a :class:`NotFoundError` the parameter of the body that has the id.

    Of an id in the path there is no parameter.
    """
    try:
        yield
    except NotFoundError as error:
        raise error.with_param(param) from error


class MethodNotAllowedError(APIError):
    """The path exists, but not with this method."""

    status = 405
    type = "invalid_request_error"
    code = "method_not_allowed"


class ModelOverloadedError(APIError):
    """The model has reached its limit of running and waiting requests."""

    status = 429
    type = "rate_limit_error"
    code = "model_overloaded"
    usual_retry_after_s = RETRY_AFTER_S


class ModelUnavailableError(APIError):
    """The model exists but cannot answer now."""

    status = 503
    type = "service_unavailable_error"
    code = "model_unavailable"


class ModelLoadingError(ModelUnavailableError):
    """The model is being loaded; the same request will succeed later."""

    code = "model_loading"
    usual_retry_after_s = LOADING_RETRY_AFTER_S


class ModelFailedError(ModelUnavailableError):
    """The model's engine could not be loaded."""

    code = "model_failed"


class ReplicaLostError(ModelUnavailableError):
    """The replica that processed the request ended before it finished."""

    code = "replica_lost"
    usual_retry_after_s = RETRY_AFTER_S


class StorageUnavailableError(APIError):
    """The database of stored objects cannot be reached."""

    status = 503
    type = "service_unavailable_error"
    code = "storage_unavailable"
    usual_retry_after_s = STORAGE_RETRY_AFTER_S


class BusyError(APIError):
    """So many requests wait for the same kind of work that one more may not."""

    status = 503
    type = "service_unavailable_error"
    code = "busy"
    usual_retry_after_s = RETRY_AFTER_S


class ModelLoadError(Exception):
    """A replica cannot build its engine. Serve keeps the message; clients never receive it."""


def error_body(error: APIError) -> dict[str, Any]:
    """Return OpenAI's error object: ``{"error": {"message", "type", "param", "code"}}``."""
    return {
        "error": {
            "message": error.message,
            "type": error.type,
            "param": error.param,
            "code": error.code,
        }
    }


def error_headers(error: APIError) -> dict[str, str]:
    """Return an error's headers: when to retry, how to authenticate."""
    headers: dict[str, str] = {}
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, AuthenticationError):
        headers["WWW-Authenticate"] = "Bearer"
    return headers


def internal_error(request_id: str) -> APIError:
    """Return the error that a client receives for an unexpected failure; the log has the cause."""
    return APIError(f"Internal error. Request id: {request_id}.")


def parameter_path(location: Sequence[str | int]) -> str:
    """Return a location in a JSON document in OpenAI's notation: ``messages[0].role``."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def echo(value: object) -> str:
    """Return a rejected value for an error message, shortened."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"  # pyright: ignore[reportUnknownArgumentType]
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = repr(value[: MAX_ECHOED_VALUE_CHARS + 1] if isinstance(value, str) else value)
    return text if len(text) <= MAX_ECHOED_VALUE_CHARS else text[:MAX_ECHOED_VALUE_CHARS] + "…"
