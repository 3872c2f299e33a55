"""The ingress's end of the token bus: replicas connect to it and write their answers.

Why not over Serve's handles: a piece costs them some 75 µs of processor on either side, here a few.
Knows nothing of what is in a piece, and nothing of Serve.
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

END_WITHIN_S = 10
"""The call has returned; what it wrote before is on its way, or lost with the connection."""
INTRODUCED_WITHIN_S = 10
"""A replica sends its key at once; a connection without one is closed."""


class Bus:
    """Where replicas write to. One per ingress process; listens from the first stream on."""

    def __init__(self, host: str) -> None:
        self._host = host
        self.key = secrets.token_bytes(KEY_BYTES)
        self._numbers = itertools.count(1)
        self._listening: asyncio.Task[int] | None = None
        self._server: asyncio.Server | None = None
        self.inlets: dict[int, Inlet] = {}

    async def inlet(self) -> "Inlet":
        """Return where the pieces of a new stream will come in.

        Raises:
            ModelUnavailableError: replicas cannot connect, since this process cannot listen.
        """
        if self._listening is None or (self._listening.done() and self._server is None):
            self._listening = asyncio.create_task(self._listen())
        try:
            port = await asyncio.shield(self._listening)
        except OSError as error:
            raise ModelUnavailableError(
                f"The ingress cannot listen for answers on {self._host}: {error}",
                None,
                RETRY_AFTER_S,
            ) from error
        number = next(self._numbers) % 2**32
        inlet = Inlet(self, ReplyTo(self._host, port, self.key, number))
        self.inlets[number] = inlet
        return inlet

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()

    async def _listen(self) -> int:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), self._host, 0)
        return self._server.sockets[0].getsockname()[1]


class Inlet:
    """The pieces of one stream, as they come. Belongs to one reader."""

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
        self._patience: asyncio.TimerHandle | None = None

    async def whole(self, call: asyncio.Future[Returned]) -> Reply:
        """Return the answer whole, whichever way it comes.

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
        """Yield the pieces as they come and the usage; ``coalesce`` joins those that wait.

        ``call`` is the one that was told to write here.

        Raises:
            APIError: the replica's, behind the pieces that it wrote before.
            Exception: whatever ``call`` raises.
        """
        call.add_done_callback(self._returned)
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
                yield await self._outcome(self._end, call)
                return
            elif self._failure is not None:
                raise self._failure
            else:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter

    @property
    def is_written(self) -> bool:
        """Whether the replica has written its end."""
        return self._end is not None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come."""
        return any(end is not None for end in (self._end, self._reply, self._failure))

    def close(self) -> None:
        """Take nothing more."""
        self._bus.inlets.pop(self.reply_to.stream, None)
        if self._connection is not None:
            self._connection.inlets.discard(self)
        if self._patience is not None:
            self._patience.cancel()

    def put(self, connection: "_Connection", piece: bytes) -> None:
        """Take a piece."""
        if self._belongs_to(connection):
            self._pieces.append(piece)
            self._wake()

    def end(self, connection: "_Connection", usage: bytes) -> None:
        """Take the end."""
        if self._belongs_to(connection):
            self._end = usage
            self._wake()

    def fail(self, failure: BaseException) -> None:
        """Nothing more will come."""
        self._failure = failure
        self._wake()

    def _belongs_to(self, connection: "_Connection") -> bool:
        # Where Serve loses one replica it calls another, and the first may be writing all the same.
        if self._connection is None:
            self._connection = connection
            connection.inlets.add(self)
        return self._connection is connection

    def _make_room(self, size: int) -> None:
        self._taken += size
        if self._taken >= WINDOW // 2 and self._connection is not None:
            self._connection.tell_room(self.reply_to.stream, self._taken)
            self._taken = 0

    def _returned(self, call: asyncio.Future[Returned]) -> None:
        if call.cancelled():
            self.fail(_lost())
        elif (error := call.exception()) is not None:
            self.fail(error)
        elif isinstance(answer := call.result(), APIError):
            self.fail(answer)
        elif isinstance(answer, Reply):
            self._reply = answer
            self._wake()
        elif not self.has_ended and self.reply_to.stream in self._bus.inlets:
            loop = asyncio.get_running_loop()
            self._patience = loop.call_later(END_WITHIN_S, self.fail, answer.error or _lost())

    async def _outcome(self, end: bytes, call: asyncio.Future[Returned]) -> Usage:
        usage = usage_of(end)
        if usage is not None:
            return usage
        await asyncio.wait({call})
        answer = None if call.cancelled() else call.result()
        raise (answer.error if isinstance(answer, Streamed) else None) or _lost()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Connection(asyncio.Protocol):
    """One replica, which writes the pieces of all the streams that it makes for this ingress."""

    def __init__(self, bus: Bus) -> None:
        self.inlets: set[Inlet] = set()
        self._bus = bus
        self._is_known = False
        self._read: list[bytes] = []
        self._num_read = 0
        self._wanted = KEY_BYTES
        """How much must be there before there is anything to do; a picture comes in many reads."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its type
        for option in KEEPALIVE:
            transport.get_extra_info("socket").setsockopt(*option)
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(INTRODUCED_WITHIN_S, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        """Hand out the pieces. One read has what the replica wrote for many streams at once."""
        self._read.append(data)
        self._num_read += len(data)
        if self._num_read < self._wanted:
            return
        data = self._read[0] if len(self._read) == 1 else b"".join(self._read)
        at = 0
        if not self._is_known:
            if not self._introduced(data[:KEY_BYTES]):
                return
            at = KEY_BYTES
        at = self._hand_out(data, at)
        self._read = [data[at:]] if at < len(data) else []
        self._num_read = len(data) - at

    def _hand_out(self, data: bytes, at: int) -> int:
        """Hand out each frame that is complete; return where the next one begins."""
        size, header, inlets = len(data), FRAME.size, self._bus.inlets
        while at + header <= size:
            stream, kind, length = FRAME.unpack_from(data, at)
            begins = at + header
            if begins + length > size:
                self._wanted = header + length
                return at
            at = begins + length
            inlet = inlets.get(stream)
            if inlet is None:  # its client has left
                continue
            if kind == END:
                inlet.end(self, data[begins:at])
            else:
                inlet.put(self, data[begins:at])
        self._wanted = header
        return at

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everyone who still waits for something from here."""
        self._patience.cancel()
        for inlet in self.inlets:
            if not inlet.has_ended:
                inlet.fail(_lost())
        self.inlets.clear()

    def tell_room(self, stream: int, size: int) -> None:
        """Tell the replica that so many more bytes of a stream may come."""
        if not self._transport.is_closing():  # uvloop's raises then
            self._transport.write(ROOM.pack(stream, size))

    def _introduced(self, key: bytes) -> bool:
        self._patience.cancel()
        self._is_known = hmac.compare_digest(key, self._bus.key)
        if not self._is_known:
            logger.warning("A peer without the key was refused at the token bus")
            self._transport.abort()
        return self._is_known


def _lost() -> ReplicaLostError:
    return ReplicaLostError(
        "The connection to the model's replica broke while it worked on this request."
    )
