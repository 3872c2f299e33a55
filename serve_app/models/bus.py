"""The ingress's end of the token bus: replicas connect to it and write their answers.

Serve's handles take some 75 µs of processor time per piece on either side, the bus a few. This
module depends neither on the content of a piece nor on Serve.
"""

import asyncio
import hmac
import itertools
import secrets
from collections.abc import AsyncGenerator
from typing import cast

from wire.bus import (
    END,
    FRAME,
    KEEPALIVE,
    KEY_BYTES,
    ROOM,
    WINDOW,
    ReplyTo,
    Returned,
    Streamed,
    usage_of,
)
from wire.calls import Reply, Usage
from wire.errors import RETRY_AFTER_S, APIError, ModelUnavailableError, ReplicaLostError
from wire.logging import get_logger

logger = get_logger(__name__)

END_TIMEOUT_S = 10
"""The call has returned; what it wrote before is on its way, or lost with the connection."""
KEY_TIMEOUT_S = 10
"""A replica sends its key at once; a connection without one is closed."""


class Bus:
    """The listener that replicas write to. One per ingress process, open from the first stream."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.key = secrets.token_bytes(KEY_BYTES)
        self._numbers = itertools.count(1)
        self._listening: asyncio.Task[int] | None = None
        self._server: asyncio.Server | None = None
        self.inlets: dict[int, Inlet] = {}

    async def open_inlet(self) -> "Inlet":
        """Return the inlet of a new stream.

        Raises:
            ModelUnavailableError: replicas cannot connect, since this process cannot listen.
        """
        if self._listening is None or (self._listening.done() and self._server is None):
            self._listening = asyncio.create_task(self._listen())
        try:
            port = await asyncio.shield(self._listening)
        except OSError as error:
            raise ModelUnavailableError(
                f"The ingress cannot listen for answers on {self.host}: {error}",
                None,
                RETRY_AFTER_S,
            ) from error
        number = next(self._numbers) % 2**32
        inlet = Inlet(self, ReplyTo(self.host, port, self.key, number))
        self.inlets[number] = inlet
        return inlet

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _listen(self) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), self.host, 0)
        return self._server.sockets[0].getsockname()[1]


class Inlet:
    """The pieces of one stream, in the order of arrival. Has one reader."""

    def __init__(self, bus: Bus, reply_to: ReplyTo) -> None:
        self.reply_to = reply_to
        self._bus = bus
        self._connection: _Connection | None = None
        self._pieces: list[bytes] = []
        self._taken = 0
        self._waiter: asyncio.Future[None] | None = None
        self._end: bytes | None = None
        self._reply: Reply | None = None
        self._failure: BaseException | None = None
        self._end_timeout: asyncio.TimerHandle | None = None

    async def read_whole(self, call: asyncio.Future[Returned]) -> Reply:
        """Return the whole answer, whether the call returns it or the replica writes it here.

        Raises:
            APIError: the replica's.
            Exception: whatever ``call`` raises.
        """
        pieces, usage = list[bytes](), Usage()
        async for piece in self.read(call, coalesce=True):
            if isinstance(piece, Usage):
                usage = piece
            else:
                pieces.append(piece)
        return self._reply or Reply(b"".join(pieces), usage)

    async def read(
        self, call: asyncio.Future[Returned], *, coalesce: bool
    ) -> AsyncGenerator[bytes | Usage]:
        """Yield the pieces as they arrive, and the usage; ``coalesce`` joins those that wait.

        ``call`` is the one that writes here.

        Raises:
            APIError: the replica's, after the pieces that it wrote before.
            Exception: whatever ``call`` raises.
        """
        call.add_done_callback(self._on_return)
        while True:
            if self._pieces:
                pieces, self._pieces = self._pieces, []
                for piece in [b"".join(pieces)] if coalesce and len(pieces) > 1 else pieces:
                    yield piece
                    self._make_room(len(piece))
            elif self._reply is not None:
                yield self._reply.usage
                return
            elif self._end is not None:
                yield await self._read_end(self._end, call)
                return
            elif self._failure is not None:
                raise self._failure
            else:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter

    @property
    def is_written(self) -> bool:
        """Whether the replica has written the end."""
        return self._end is not None

    @property
    def has_ended(self) -> bool:
        """Whether no more pieces will arrive."""
        return any(end is not None for end in (self._end, self._reply, self._failure))

    def close(self) -> None:
        """Drop whatever still arrives."""
        self._bus.inlets.pop(self.reply_to.stream, None)
        if self._connection is not None:
            self._connection.inlets.discard(self)
        if self._end_timeout is not None:
            self._end_timeout.cancel()

    def put(self, connection: "_Connection", piece: bytes) -> None:
        """Add a piece."""
        if self._belongs_to(connection):
            self._pieces.append(piece)
            self._wake()

    def end(self, connection: "_Connection", usage: bytes) -> None:
        """Add the end, with the usage."""
        if self._belongs_to(connection):
            self._end = usage
            self._wake()

    def fail(self, failure: BaseException) -> None:
        """End the stream with an error."""
        self._failure = failure
        self._wake()

    def _belongs_to(self, connection: "_Connection") -> bool:
        # When Serve loses a replica it calls another, while the first may still be writing.
        if self._connection is None:
            self._connection = connection
            connection.inlets.add(self)
        return self._connection is connection

    def _make_room(self, size: int) -> None:
        self._taken += size
        if self._taken >= WINDOW // 2 and self._connection is not None:
            self._connection.grant_room(self.reply_to.stream, self._taken)
            self._taken = 0

    def _on_return(self, call: asyncio.Future[Returned]) -> None:
        if call.cancelled():
            self.fail(_lost_error())
        elif (error := call.exception()) is not None:
            self.fail(error)
        elif isinstance(answer := call.result(), APIError):
            self.fail(answer)
        elif isinstance(answer, Reply):
            self._reply = answer
            self._wake()
        elif not self.has_ended and self.reply_to.stream in self._bus.inlets:
            loop = asyncio.get_running_loop()
            self._end_timeout = loop.call_later(
                END_TIMEOUT_S, self.fail, answer.error or _lost_error()
            )

    async def _read_end(self, end: bytes, call: asyncio.Future[Returned]) -> Usage:
        usage = usage_of(end)
        if usage is not None:
            return usage
        await asyncio.wait({call})
        answer = None if call.cancelled() else call.result()
        raise (answer.error if isinstance(answer, Streamed) else None) or _lost_error()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Connection(asyncio.Protocol):
    """The connection of one replica, which writes all its streams for this ingress."""

    def __init__(self, bus: Bus) -> None:
        self.inlets: set[Inlet] = set()
        self._bus = bus
        self._is_authenticated = False
        self._read: list[bytes] = []
        self._num_read = 0
        self._wanted = KEY_BYTES
        """Bytes to read before the next frame is complete; an image takes many reads."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport and wait for the key."""
        self._transport = cast("asyncio.Transport", transport)  # not the declared type of uvloop's
        for option in KEEPALIVE:
            transport.get_extra_info("socket").setsockopt(*option)
        loop = asyncio.get_running_loop()
        self._key_timeout = loop.call_later(KEY_TIMEOUT_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Dispatch the pieces. One read has what the replica wrote for many streams at once."""
        self._read.append(data)
        self._num_read += len(data)
        if self._num_read < self._wanted:
            return
        data = self._read[0] if len(self._read) == 1 else b"".join(self._read)
        at = 0
        if not self._is_authenticated:
            if not self._authenticate(data[:KEY_BYTES]):
                return
            at = KEY_BYTES
        at = self._dispatch(data, at)
        self._read = [data[at:]] if at < len(data) else []
        self._num_read = len(data) - at

    def _dispatch(self, data: bytes, at: int) -> int:
        """Dispatch each complete frame; return the offset of the next one."""
        size, header, inlets = len(data), FRAME.size, self._bus.inlets
        while at + header <= size:
            stream, kind, length = FRAME.unpack_from(data, at)
            begins = at + header
            if begins + length > size:
                self._wanted = header + length
                return at
            at = begins + length
            inlet = inlets.get(stream)
            if inlet is None:  # its client has disconnected
                continue
            if kind == END:
                inlet.end(self, data[begins:at])
            else:
                inlet.put(self, data[begins:at])
        self._wanted = header
        return at

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail every stream of this connection that has not ended."""
        self._key_timeout.cancel()
        for inlet in self.inlets:
            if not inlet.has_ended:
                inlet.fail(_lost_error())
        self.inlets.clear()

    def grant_room(self, stream: int, size: int) -> None:
        """Allow the replica to send so many more bytes of a stream."""
        if not self._transport.is_closing():  # uvloop raises then
            self._transport.write(ROOM.pack(stream, size))

    def _authenticate(self, key: bytes) -> bool:
        self._key_timeout.cancel()
        self._is_authenticated = hmac.compare_digest(key, self._bus.key)
        if not self._is_authenticated:
            logger.warning("A peer without the key was refused at the token bus")
            self._transport.abort()
        return self._is_authenticated


def _lost_error() -> ReplicaLostError:
    return ReplicaLostError(
        "The connection to the model's replica broke while it processed this request."
    )
