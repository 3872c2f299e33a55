"""The frames that carry answers from a replica to an ingress, over one TCP connection per pair.

Every answer starts with a call over a Serve handle, which carries the address for the pieces. Serve
therefore chooses the replica, counts the request and cancels it; only the bytes bypass it.
An answer that is not streamed is a stream of one piece, or the call's return value.
"""

import json
import socket
from dataclasses import astuple, dataclass, field
from struct import Struct

from wire.calls import Reply, Usage
from wire.errors import APIError

KEY_BYTES = 32
"""Length of the key that a replica receives in the call and sends first, as authentication."""

FRAME = Struct("<IBI")
"""Header of a frame: the stream's number, the frame's type, and the number of bytes that follow."""
PIECE, END = 0, 1

ROOM = Struct("<II")
"""The ingress's credit for a stream: the stream's number, and how many more bytes may be sent."""

WINDOW = 2**18
"""Maximum bytes of one stream in flight. Few answers of a language model are longer, so they do not
wait; a client that reads slowly delays only its own stream."""

SILENT_S, PROBE_EVERY_S, GONE_S = 15, 5, 30
"""Idle time before the kernel probes the peer, time between probes, time until it gives up."""
KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT_S),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_EVERY_S),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_S * 1000),
)
"""Socket options for both ends: only the kernel can detect that the other machine is gone."""


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """The address to which a replica sends the pieces of a stream."""

    host: str
    port: int
    key: bytes = field(repr=False)
    stream: int


@dataclass(frozen=True, slots=True)
class Streamed:
    """The return value of a call whose pieces went over the bus: an END frame follows the last one.

    A failure before the first piece is returned as the error itself, and there is no END.
    """

    error: APIError | None = None


Returned = Streamed | Reply | APIError
"""What a call returns."""


def end_of(usage: Usage | None) -> bytes:
    """Return the payload of an END frame: the usage, or nothing if the stream failed."""
    return b"" if usage is None else json.dumps(astuple(usage)).encode()


def usage_of(end: bytes) -> Usage | None:
    """Return the usage that an END frame carries."""
    return Usage(*json.loads(end)) if end else None
