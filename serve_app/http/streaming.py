"""Answers that leave in pieces: the first piece before the 200, and an end that is always told."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from fastapi import Response
from starlette.types import Receive, Scope, Send

from serve_app.observability import RequestRecord
from wire.errors import APIError, internal_error
from wire.logging import get_logger

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
) -> Response:
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


class _Stream(Response):
    """Sends pieces as they come. Closes their source however it ends.

    Starlette's own does the same by a task group for each answer, which costs more than a piece.
    """

    def __init__(
        self,
        pieces: Pieces,
        body: AsyncGenerator[bytes],
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(media_type=media_type, headers=headers)
        del self.headers["content-length"]
        self._pieces = pieces
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = asyncio.current_task()
        assert sending is not None
        watching = asyncio.create_task(_watch(receive, sending))
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            async for piece in self._body:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except asyncio.CancelledError:
            if not _has_left(watching):
                raise
            sending.uncancel()
        finally:
            watching.cancel()
            await self._body.aclose()
            await self._pieces.aclose()


async def _watch(receive: Receive, sending: "asyncio.Task[Any]") -> None:
    """Cancel what is sent to a client that has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
    sending.cancel()


def _has_left(watching: "asyncio.Task[None]") -> bool:
    return watching.done() and not watching.cancelled() and watching.exception() is None


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
