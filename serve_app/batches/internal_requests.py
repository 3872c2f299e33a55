"""Requests that Homeport makes to itself: the application is called as a server would call it.

So they get the same checks, answers, errors, log lines and metrics as those of clients.
"""

import asyncio
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Scope

from serve_app.http.middleware import INTERNAL_REQUEST, InternalRequest
from serve_app.observability import RequestRecord
from wire.ids import new_id


@dataclass(frozen=True, slots=True)
class InternalAnswer:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes
    request_id: str


async def post(app: ASGIApp, path: str, body: bytes, owner: str) -> InternalAnswer:
    """Post JSON as an owner, with low priority.

    Cancelling it has the effect of a client that disconnects.
    """
    record = RequestRecord("POST", path, new_id("req"), low_priority=True)
    messages: list[Message] = []
    unread = [{"type": "http.request", "body": body}]

    async def receive() -> Message:
        if unread:
            return unread.pop()
        await asyncio.Event().wait()  # the client stays as long as it takes
        raise AssertionError

    async def send(message: Message) -> None:
        messages.append(message)

    await app(_scope(path, len(body), InternalRequest(record, owner)), receive, send)
    start, *parts = messages
    return InternalAnswer(
        start["status"],
        Headers(raw=start["headers"]),
        b"".join(part.get("body", b"") for part in parts),
        record.request_id,
    )


def _scope(path: str, length: int, own: InternalRequest) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [
            (b"host", b"localhost"),
            (b"content-type", b"application/json"),
            (b"content-length", str(length).encode()),
        ],
        "client": None,
        "server": None,
        INTERNAL_REQUEST: own,
    }
