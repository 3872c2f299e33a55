"""How a stream of server-sent events is answered, and how it ends with an error."""

from collections.abc import Callable

from fastapi import Response

from serve_app.http.error_answers import error_event
from serve_app.http.streaming import Pieces, stream_pieces
from serve_app.observability import RequestRecord
from wire.errors import APIError

MEDIA_TYPE = "text/event-stream"


async def event_stream(
    events: Pieces,
    record: RequestRecord,
    last_words: Callable[[APIError], bytes] = error_event,
) -> Response:
    """Answer with events that are complete frames, an error after the first as one more."""
    return await stream_pieces(events, record, MEDIA_TYPE, last_words=last_words)
