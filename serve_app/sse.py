"""Server-sent events: how a stream of them is answered and how it says that it failed."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic_core import to_json

from serve_app.errors import APIError, error_body
from serve_app.observability import RequestRecord
from serve_app.streaming import Pieces, stream_pieces

MEDIA_TYPE = "text/event-stream"
DONE = b"data: [DONE]\n\n"


async def event_stream(events: Pieces, record: RequestRecord) -> StreamingResponse:
    """Answer with events that are complete frames, an error after the first as one more."""
    return await stream_pieces(events, record, MEDIA_TYPE, last_words=error_event)


def event(data: Mapping[str, Any], name: str | None = None) -> bytes:
    """Return one event. ``name`` is for clients that look at the event's name."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + to_json(data) + b"\n\n"


def error_event(error: APIError) -> bytes:
    """Return the event that tells of an error."""
    return f"data: {json.dumps(error_body(error))}\n\n".encode()
