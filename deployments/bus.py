"""A replica's end of the token bus: it writes the pieces of streams to the ingresses that called.

Everything written for the streams of one ingress in one turn of the event loop leaves together, so
a step of an engine is one system call however many streams it serves.
"""

import asyncio
from typing import cast

from wire.bus import (
    END,
    FRAME,
    KEEPALIVE,
    PIECE,
    ROOM,
    WINDOW,
    ReplyTo,
    end_of,
)
from wire.calls import Usage
from wire.errors import ModelUnavailableError, ReplicaLostError

CONNECT_S = 10


class Outlets:
    """The connections of a replica to ingresses, each opened for its first stream."""

    def __init__(self) -> None:
        self._links: dict[tuple[str, int, bytes], asyncio.Task[_Link]] = {}

    async def open(self, reply_to: ReplyTo) -> "Outlet":
        """Return where the pieces of a stream are written.

        Raises:
            ModelUnavailableError: the ingress cannot be reached.
        """
        address = (reply_to.host, reply_to.port, reply_to.key)
        linking = self._links.get(address)
        if linking is None or _is_broken(linking):
            self._links = {to: link for to, link in self._links.items() if not _is_broken(link)}
            linking = self._links[address] = asyncio.create_task(_connect(reply_to))
            linking.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            link = await asyncio.shield(linking)
        except (OSError, TimeoutError) as error:
            raise ModelUnavailableError(
                "The model's replica cannot connect to the ingress at "
                f"{reply_to.host}:{reply_to.port}: nodes must reach each other on every port."
            ) from error
        return Outlet(link, reply_to.stream)

    def close(self) -> None:
        """Close all connections."""
        for linking in self._links.values():
            if not linking.done():
                linking.cancel()
            elif not _is_broken(linking):
                linking.result().close()


class Outlet:
    """Where the pieces of one stream are written."""

    def __init__(self, link: "_Link", stream: int) -> None:
        self.has_written = False
        self._link = link
        self._stream = stream
        self._on_the_way = 0
        self._waiter: asyncio.Future[None] | None = None
        link.outlets[stream] = self

    @property
    def is_full(self) -> bool:
        """Whether writing should pause: the client reads slowly, or the connection is lost."""
        return self._on_the_way >= WINDOW or self._link.is_lost

    def write(self, piece: bytes) -> None:
        """Write a piece at once. A caller that can wait uses :meth:`send`."""
        self.has_written = True
        self._on_the_way += len(piece)
        self._link.write(self._stream, PIECE, piece)

    async def send(self, piece: bytes) -> None:
        """Write a piece, and wait while the client's window is full.

        Raises:
            ReplicaLostError: the connection to the ingress is broken.
        """
        self.write(piece)
        while self.is_full:
            if self._link.is_lost:
                raise ReplicaLostError("The connection to the ingress is broken.")
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def write_whole(self, answer: bytes, usage: Usage) -> None:
        """Write all of an answer at once: what Serve does after a call would delay it."""
        self.write(answer)
        self.end(usage)
        self._link.flush()

    def end(self, usage: Usage | None) -> None:
        """End the stream; without usage, as failed."""
        self._link.write(self._stream, END, end_of(usage))

    def close(self) -> None:
        """Stop waiting for room in the window."""
        if self._link.outlets.get(self._stream) is self:  # else Serve has called here once more
            del self._link.outlets[self._stream]

    def make_room(self, size: int) -> None:
        """Count ``size`` bytes that the client has taken."""
        self._on_the_way -= size
        self.wake()

    def wake(self) -> None:
        """Wake the writer to check the window again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Link(asyncio.Protocol):
    """The connection to one ingress."""

    def __init__(self, key: bytes) -> None:
        self.outlets: dict[int, Outlet] = {}
        self.is_lost = False
        self._key = key
        self._rest = b""
        self._unsent: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the key of the connection."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its type
        self._transport.write(self._key)
        for option in KEEPALIVE:
            transport.get_extra_info("socket").setsockopt(*option)

    def data_received(self, data: bytes) -> None:
        """Read how many bytes the clients have taken."""
        data = self._rest + data
        whole = len(data) - len(data) % ROOM.size
        for stream, size in ROOM.iter_unpack(data[:whole]):
            if (outlet := self.outlets.get(stream)) is not None:
                outlet.make_room(size)
        self._rest = data[whole:]

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake the writers that wait for room: there will be none."""
        self.is_lost = True
        for outlet in self.outlets.values():
            outlet.wake()

    def write(self, stream: int, kind: int, content: bytes) -> None:
        """Have a frame sent with all the others of this turn of the event loop."""
        if not self._unsent:
            self._loop.call_soon(self.flush)
        self._unsent += (FRAME.pack(stream, kind, len(content)), content)

    def close(self) -> None:
        """Send what is left and close."""
        self.flush()
        self._transport.close()

    def flush(self) -> None:
        """Send what waits for the end of this turn."""
        if self._unsent and not self.is_lost:
            self._transport.write(b"".join(self._unsent))
        self._unsent.clear()


async def _connect(reply_to: ReplyTo) -> _Link:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_S):
        _, link = await loop.create_connection(
            lambda: _Link(reply_to.key), reply_to.host, reply_to.port
        )
    return link


def _is_broken(linking: "asyncio.Task[_Link]") -> bool:
    if not linking.done():
        return False
    return linking.cancelled() or linking.exception() is not None or linking.result().is_lost
