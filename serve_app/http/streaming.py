"""Streamed responses: the first piece is ready before the 200, and an error after it is visible."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from fastapi import Response
from starlette.types import Receive, Scope, Send

from serve_app.http.error_answers import error_event
from serve_app.observability import RequestRecord
from wire.errors import APIError, internal_error
from wire.logging import get_logger

logger = get_logger(__name__)

Pieces = AsyncGenerator[bytes]

EVENT_STREAM = "text/event-stream"
UNBUFFERED = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Headers that stop proxies from holding pieces back."""


async def event_stream(
    events: Pieces,
    record: RequestRecord,
    encode_error: Callable[[APIError], bytes] = error_event,
) -> Response:
    """Return the response that streams server-sent events.

    An error after the first event is one more event.
    """
    return await stream_response(events, record, EVENT_STREAM, encode_error=encode_error)


async def stream_response(
    pieces: Pieces,
    record: RequestRecord,
    media_type: str,
    headers: Mapping[str, str] | None = None,
    encode_error: Callable[[APIError], bytes] | None = None,
) -> Response:
    """Wait for the first piece, then return the response that streams.

    An error before the first piece is raised and becomes an HTTP error. A later one is sent as
    ``encode_error`` formats it. Without that the connection is closed early, so that no client
    takes the pieces for a complete body.
    """
    try:
        first = await anext(pieces, b"")
    except BaseException:
        await pieces.aclose()
        raise
    record.record_first_chunk()
    body = _body(first, pieces, record, encode_error)
    return _Stream(pieces, body, media_type, {**UNBUFFERED, **(headers or {})})


class _Stream(Response):
    """Sends pieces as they are made, and closes their source at the end.

    Starlette's own class needs a task group per response, which costs more than a piece.
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
            if not _has_disconnected(watching):
                raise
            sending.uncancel()
        finally:
            watching.cancel()
            await self._body.aclose()
            await self._pieces.aclose()


async def _watch(receive: Receive, sending: "asyncio.Task[Any]") -> None:
    """Cancel sending when the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        pass
    sending.cancel()


def _has_disconnected(watching: "asyncio.Task[None]") -> bool:
    return watching.done() and not watching.cancelled() and watching.exception() is None


async def _body(
    first: bytes,
    pieces: Pieces,
    record: RequestRecord,
    encode_error: Callable[[APIError], bytes] | None,
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
        if encode_error is None:
            raise
        yield encode_error(error)
