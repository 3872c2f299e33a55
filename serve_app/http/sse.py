"""Responses of server-sent events."""

from collections.abc import Callable

from fastapi import Response

from serve_app.http.error_answers import error_event
from serve_app.http.streaming import Pieces, stream_response
from serve_app.observability import RequestRecord
from wire.errors import APIError

MEDIA_TYPE = "text/event-stream"


async def event_stream(
    events: Pieces,
    record: RequestRecord,
    encode_error: Callable[[APIError], bytes] = error_event,
) -> Response:
    """Return the response that streams events; an error after the first is one more event."""
    return await stream_response(events, record, MEDIA_TYPE, encode_error=encode_error)
