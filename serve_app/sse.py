"""Server-sent events: the first chunk before the 200, errors in a stream, the usage at its end."""

import json
from collections.abc import AsyncGenerator

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serve_app.errors import APIError, error_body, internal_error
from serve_app.observability import RequestRecord, get_logger
from serve_app.protocol.common import Usage

logger = get_logger(__name__)

Pieces = AsyncGenerator[bytes | Usage]

HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""No proxy on the way may hold events back."""


async def event_stream(pieces: Pieces, record: RequestRecord) -> StreamingResponse:
    """Wait for the first piece, then answer with the stream.

    An error before the first piece is raised and becomes an HTTP error; once the 200 is sent, an
    error can only be an event of the stream.
    """
    try:
        first = await anext(pieces)
    except BaseException:
        await pieces.aclose()
        raise
    record.saw_first_chunk()
    return _EventStream(pieces, _events(first, pieces, record))


class _EventStream(StreamingResponse):
    """Closes its source however it ends: cancelled while it sends, nobody else would."""

    def __init__(self, pieces: Pieces, body: AsyncGenerator[bytes]) -> None:
        super().__init__(body, media_type="text/event-stream", headers=HEADERS)
        self._pieces = pieces
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._body.aclose()
            await self._pieces.aclose()


async def _events(
    first: bytes | Usage, pieces: Pieces, record: RequestRecord
) -> AsyncGenerator[bytes]:
    try:
        if isinstance(first, bytes):
            yield first
        async for piece in pieces:
            if isinstance(piece, Usage):
                record.usage = piece
            else:
                yield piece
    except APIError as error:
        yield _error_event(error, record)
    except Exception:
        logger.exception("Stream of request %s failed", record.request_id)
        yield _error_event(internal_error(record.request_id), record)


def _error_event(error: APIError, record: RequestRecord) -> bytes:
    record.error_code = error.label
    return f"data: {json.dumps(error_body(error))}\n\n".encode()
