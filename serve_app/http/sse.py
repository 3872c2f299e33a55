"""Server-sent events: how a stream of them is answered and how it says that it failed."""

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import Response
from pydantic_core import to_json

from serve_app.http.error_answers import error_event
from serve_app.http.streaming import Pieces, stream_pieces
from serve_app.observability import RequestRecord
from wire.errors import APIError

MEDIA_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"


async def event_stream(
    events: Pieces,
    record: RequestRecord,
    last_words: Callable[[APIError], bytes] = error_event,
) -> Response:
    """Answer with events that are complete frames, an error after the first as one more."""
    return await stream_pieces(events, record, MEDIA_TYPE, last_words=last_words)


def event(data: Mapping[str, Any], name: str | None = None) -> bytes:
    """Return one event. ``name`` is for clients that look at the event's name."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + to_json(data) + b"\n\n"
