"""Answers that leave in pieces: the first piece before the 200, and an end that is always told."""

from collections.abc import AsyncGenerator, Callable, Mapping

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from serve_app.errors import APIError, internal_error
from serve_app.observability import RequestRecord, get_logger

logger = get_logger(__name__)

Pieces = AsyncGenerator[bytes]

NOT_HELD_BACK = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""No proxy on the way may hold pieces back."""


async def stream_pieces(
    pieces: Pieces,
    record: RequestRecord,
    media_type: str,
    headers: Mapping[str, str] | None = None,
    last_words: Callable[[APIError], bytes] | None = None,
) -> StreamingResponse:
    """Wait for the first piece, then answer with the stream.

    An error before the first piece is raised and becomes an HTTP error. Once the 200 is sent, it
    can only be told by ``last_words``, or where the format has no words for it, by cutting the
    connection, so that nobody takes what came for the whole.
    """
    try:
        first = await anext(pieces, b"")
    except BaseException:
        await pieces.aclose()
        raise
    record.saw_first_chunk()
    body = _body(first, pieces, record, last_words)
    return _Stream(pieces, body, media_type, {**NOT_HELD_BACK, **(headers or {})})


class _Stream(StreamingResponse):
    """Closes its source however it ends: cancelled while it sends, nobody else would."""

    def __init__(
        self,
        pieces: Pieces,
        body: AsyncGenerator[bytes],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(body, media_type=media_type, headers=headers)
        self._pieces = pieces
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._body.aclose()
            await self._pieces.aclose()


async def _body(
    first: bytes,
    pieces: Pieces,
    record: RequestRecord,
    last_words: Callable[[APIError], bytes] | None,
) -> AsyncGenerator[bytes]:
    try:
        if first:
            yield first
        async for piece in pieces:
            yield piece
    except Exception as failure:
        if isinstance(failure, APIError):
            error = failure
        else:
            logger.exception("Stream of request %s failed", record.request_id)
            error = internal_error(record.request_id)
        record.error_code = error.label
        if last_words is None:
            raise
        yield last_words(error)
