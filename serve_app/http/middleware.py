"""The middleware of every request: id, key, body, log line, unexpected errors.

One plain ASGI class instead of several, since it runs once per message of every stream.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.concurrency import TurnThread
from serve_app.http.auth import Authenticator
from serve_app.http.content_encoding import DecodedBody, read_encoding, without_encoding
from serve_app.http.error_answers import error_response, is_of_anthropic
from serve_app.http.limits import BodyLimits
from serve_app.observability import RequestLog, RequestRecord
from wire.errors import APIError, NotFoundError, RequestTooLargeError, internal_error
from wire.ids import new_id
from wire.logging import REQUEST_ID, get_logger

logger = get_logger(__name__)

INTERNAL_REQUEST = "homeport.internal_request"
"""The entry of an internal request in its scope, which no HTTP server sets."""

IGNORED = b"x-homeport-ignored"
"""The header that names the request's fields without effect."""

OPENAI_VERSION = b"2020-10-01"
"""The version of OpenAI's API, which has had no other."""

DENIAL = "websocket.http.response"
"""The extension of ASGI by which a WebSocket's handshake is answered with an HTTP response."""

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
        thread: TurnThread,
        *,
        strict_fields: bool,
    ) -> None:
        self.app = app
        self.strict_fields = strict_fields
        self.authenticator = authenticator
        self.log = log
        self.limits = limits
        self.thread = thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        internal: InternalRequest | None = scope.get(INTERNAL_REQUEST)
        record = internal.record if internal else new_record(scope, headers)
        REQUEST_ID.set(record.request_id)
        record.strict_fields = self.strict_fields
        state = scope.setdefault("state", {})
        state["record"], state["thread"] = record, self.thread
        scope = _route_like_get(scope)
        most = self.limits.of(record.method, scope["path"])
        exchange = _Exchange(record, receive, send, most, make_headers(scope, headers, record))
        try:
            try:
                if internal is None:
                    self.authenticator.check(scope["path"], headers)
                if scope["type"] == "websocket":
                    raise NotFoundError(f"No WebSocket is served at {scope['path'][:200]}.")
                record.owner = internal.owner if internal else self.authenticator.owner(headers)
                state["owner"] = record.owner
                exchange.check_length(headers)
                if (encoding := read_encoding(headers)) is not None:
                    scope = without_encoding(scope)
                    exchange.decode(encoding)
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
        headers: Callable[[], list[tuple[bytes, bytes]]],
    ) -> None:
        self._record = record
        self._headers = headers
        self._max_body_bytes = max_body_bytes
        self._receive = receive
        self.receive: Receive = _LimitedBody(receive, max_body_bytes).receive
        self._send = send
        self._status = 0
        self._complete = False

    def decode(self, encoding: str) -> None:
        """Decode the body, within the same limit."""
        body = DecodedBody(self.receive, encoding)
        self.receive = _LimitedBody(body.receive, self._max_body_bytes).receive

    def check_length(self, headers: Headers) -> None:
        """Refuse a body by its ``Content-Length``, before any of it is read."""
        length = headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > self._max_body_bytes:
            raise _too_large(f"{length} bytes", self._max_body_bytes)

    async def send(self, message: Message) -> None:
        """Send the server's message, with the headers of every response."""
        kind = message["type"].removeprefix("websocket.")
        if kind == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers()]
        elif kind == "http.response.body":
            is_last = not message.get("more_body", False)
            if self._record.method == "HEAD":
                await self._send({"type": "http.response.body", "body": b""})
                self._complete = True
                if not is_last:
                    raise ClientDisconnect  # the rest is of no use
                return
            self._complete = is_last
        await self._send(message)

    async def fail(self, scope: Scope, error: APIError) -> None:
        """Send an error, unless a response has begun."""
        if self._status:
            return
        self._record.error_code = error.label
        if scope["type"] == "websocket" and DENIAL not in (scope.get("extensions") or {}):
            self._status, self._complete = error.status, True
            await self._send({"type": "websocket.close"})  # the server answers with a 403
            return
        response = error_response(error, scope, self._record.request_id)
        if isinstance(error, RequestTooLargeError):
            response.headers["Connection"] = "close"
        await response(scope, self._receive, self.send)

    def outcome(self) -> int:
        """Return the status for the log."""
        return self._status if self._complete else CLIENT_GONE


class _LimitedBody:
    """Receives the messages of a request, and refuses a body that becomes too large."""

    def __init__(self, receive: Receive, max_bytes: int) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._received = 0

    async def receive(self) -> Message:
        """Return the next message."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._received += len(message.get("body", b""))
            if self._received > self._max_bytes:
                raise _too_large(f"at least {self._received} bytes", self._max_bytes)
        return message


def _too_large(received: str, most: int) -> RequestTooLargeError:
    return RequestTooLargeError(f"The request body has {received}; at most {most} are allowed.")


def _route_like_get(scope: Scope) -> Scope:
    """Return the scope by which a request is routed.

    HEAD is routed like GET, and a slash at the end of a path is ignored.
    """
    path: str = scope["path"]
    if len(path) > 2 and path[-1] == "/" != path[-2]:
        scope = {**scope, "path": path[:-1]}
    return {**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope


def new_record(scope: Scope, headers: Headers) -> RequestRecord:
    """Return the record of a request that has just arrived."""
    method = scope.get("method", "WEBSOCKET")
    return RequestRecord(method=method, path=redact_path(scope), request_id=request_id(headers))


def redact_path(scope: Scope) -> str:
    """Return the path as it was sent, without the names of images, which are secret."""
    path: str = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
    folder = "/generated-images/"
    return f"{folder}…" if path.startswith(folder) else path


def make_headers(
    scope: Scope, headers: Headers, record: RequestRecord
) -> Callable[[], list[tuple[bytes, bytes]]]:
    """Return a function that returns the headers of every response.

    They are the request's id, its fields without effect, and for OpenAI's clients the duration.
    """
    own_id = record.request_id.encode("latin-1")
    # Serve gives every request an id and returns it in this header.
    fixed = [] if "x-request-id" in headers else [(b"x-request-id", own_id)]
    is_anthropic = is_of_anthropic(scope)
    fixed.append((b"request-id", own_id) if is_anthropic else (b"openai-version", OPENAI_VERSION))

    def make() -> list[tuple[bytes, bytes]]:
        made = [*fixed]
        if record.ignored:
            made.append((IGNORED, ", ".join(record.ignored).encode("latin-1", "replace")))
        if not is_anthropic:
            milliseconds = round((time.monotonic() - record.started) * 1000)
            made.append((b"openai-processing-ms", str(milliseconds).encode()))
        return made

    return make


def request_id(headers: Headers) -> str:
    """Return the client's ``x-request-id`` if it can be logged, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else new_id("req")
