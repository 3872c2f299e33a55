"""The middleware of every request: id, key, body limit, log line, unexpected errors.

One plain ASGI class instead of several, since it runs once per message of every stream.
"""

import re
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.http.auth import Authenticator
from serve_app.http.error_answers import error_response, is_anthropic_path
from serve_app.http.limits import BodyLimits
from serve_app.observability import RequestLog, RequestRecord
from wire.errors import APIError, RequestTooLargeError, internal_error
from wire.ids import new_id
from wire.logging import get_logger

logger = get_logger(__name__)

INTERNAL_REQUEST = "homeport.internal_request"
"""The entry of an internal request in its scope, which no HTTP server sets."""

IGNORED = "x-homeport-ignored"
"""The header that names the request's fields without effect."""

CLIENT_GONE = 499
"""Status in logs and metrics of a request whose client disconnected early (as in nginx)."""

_REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class InternalRequest:
    """A request of this process to itself, on behalf of an owner, without a key."""

    record: RequestRecord
    owner: str


class RequestMiddleware:
    """Checks a request, passes it on and logs how it ended."""

    def __init__(
        self,
        app: ASGIApp,
        authenticator: Authenticator,
        log: RequestLog,
        limits: BodyLimits,
        *,
        strict_fields: bool,
    ) -> None:
        self.app = app
        self.strict_fields = strict_fields
        self.authenticator = authenticator
        self.log = log
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        internal: InternalRequest | None = scope.get(INTERNAL_REQUEST)
        record = internal.record if internal else new_record(scope, headers)
        record.strict_fields = self.strict_fields
        state = scope.setdefault("state", {})
        state["record"] = record
        most = self.limits.of(scope["method"], scope["path"])
        exchange = _Exchange(record, receive, send, most, id_headers(scope, headers))
        try:
            try:
                if internal is None:
                    self.authenticator.check(scope["path"], headers)
                state["owner"] = internal.owner if internal else self.authenticator.owner(headers)
                exchange.check_length(headers)
                await self.app(scope, exchange.receive, exchange.send)
            except APIError as error:
                await exchange.fail(scope, error)
            except ClientDisconnect:
                pass  # while it sent its body; the log line has the status
            except Exception:
                logger.exception("Request %s failed", record.request_id)
                await exchange.fail(scope, internal_error(record.request_id))
        finally:
            self.log.write(record, exchange.outcome())


class _Exchange:
    """The messages of one request: counts the body, adds the id, records the progress."""

    def __init__(
        self,
        record: RequestRecord,
        receive: Receive,
        send: Send,
        max_body_bytes: int,
        id_headers: list[str],
    ) -> None:
        self._record = record
        self._id_headers = id_headers
        self._receive = receive
        self._send = send
        self._max_body_bytes = max_body_bytes
        self._received = 0
        self._status = 0
        self._complete = False

    def check_length(self, headers: Headers) -> None:
        """Refuse a body by its ``Content-Length``, before any of it is read."""
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > self._max_body_bytes:
            raise self._too_large(f"{length} bytes")

    async def receive(self) -> Message:
        """Return the client's next message; refuse a body that becomes too large."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._max_body_bytes:
                raise self._too_large(f"at least {self._received} bytes")
        return message

    async def send(self, message: Message) -> None:
        """Send the server's message, with the request's id in the headers."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            for name in self._id_headers:
                MutableHeaders(scope=message)[name] = self._record.request_id
            if self._record.ignored:
                MutableHeaders(scope=message)[IGNORED] = ", ".join(self._record.ignored)
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._complete = True
        await self._send(message)

    async def fail(self, scope: Scope, error: APIError) -> None:
        """Send an error, unless a response has begun."""
        if self._status:
            return
        self._record.error_code = error.label
        response = error_response(error, scope["path"], self._record.request_id)
        if isinstance(error, RequestTooLargeError):
            response.headers["Connection"] = "close"
        await response(scope, self._receive, self.send)

    def outcome(self) -> int:
        """Return the status for the log."""
        return self._status if self._complete else CLIENT_GONE

    def _too_large(self, received: str) -> RequestTooLargeError:
        return RequestTooLargeError(
            f"The request body has {received}; at most {self._max_body_bytes} are allowed."
        )


def new_record(scope: Scope, headers: Headers) -> RequestRecord:
    """Return the record of a request that has just arrived."""
    return RequestRecord(
        method=scope["method"], path=redact_path(scope), request_id=request_id(headers)
    )


def redact_path(scope: Scope) -> str:
    """Return the path as it was sent, without the names of images, which are secret."""
    path: str = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
    folder = "/generated-images/"
    return f"{folder}…" if path.startswith(folder) else path


def id_headers(scope: Scope, headers: Headers) -> list[str]:
    """Return the response headers that contain the request's id."""
    # Serve gives every request an id and returns it in this header.
    ours = [] if "x-request-id" in headers else ["x-request-id"]
    return [*ours, "request-id"] if is_anthropic_path(scope["path"]) else ours


def request_id(headers: Headers) -> str:
    """Return the client's ``x-request-id`` if it can be logged, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id("req")
