"""How answers cross from a replica to an ingress: frames over one TCP connection a pair.

Each begins with a call over Serve's handle, which names where the pieces are to go. So Serve
chooses the replica, counts the request and cancels it; only the bytes take the shorter way.
A whole answer is a stream of one piece, or what the call returns.
"""

import json
import socket
from dataclasses import astuple, dataclass, field
from struct import Struct

from wire.calls import Reply, Usage
from wire.errors import APIError

KEY_BYTES = 32
"""What a replica says first: the key that the call told it, so that nobody else writes answers."""

FRAME = Struct("<IBI")
"""Before each piece: the stream's number, what it is, and how many bytes follow."""
PIECE, END = 0, 1

ROOM = Struct("<II")
"""What the ingress answers: so many bytes of a stream were taken, so many more may be sent."""

WINDOW = 2**18
"""Bytes of a stream that may be on the way. An answer of a language model rarely has as many, so
none of them waits; a client that reads slowly holds back its own stream and no other."""

SILENT_S, PROBE_EVERY_S, GONE_S = 15, 5, 30
"""Idle time before the kernel probes the peer, time between probes, time until it gives up."""
KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT_S),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_EVERY_S),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_S * 1000),
)
"""Socket options for both ends: only the kernel notices that the other machine has vanished."""


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Where the pieces of a stream are to go."""

    host: str
    port: int
    key: bytes = field(repr=False)
    stream: int


@dataclass(frozen=True, slots=True)
class Streamed:
    """What a call returns whose pieces went over the bus: an END frame follows the last of them.

    A failure before the first piece is returned as the error itself, and there is no END.
    """

    error: APIError | None = None


Returned = Streamed | Reply | APIError
"""What a call returns."""


def end_of(usage: Usage | None) -> bytes:
    """Return what an END frame carries: the usage, or nothing where the stream failed."""
    return b"" if usage is None else json.dumps(astuple(usage)).encode()


def usage_of(end: bytes) -> Usage | None:
    """Return the usage that an END frame carries."""
    return Usage(*json.loads(end)) if end else None
