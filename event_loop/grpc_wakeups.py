"""Keeps gRPC's completions moving while the event loop is busy.

gRPC's thread puts each completion into a queue and wakes the loop with a byte in a socket pair. The
loop's reader takes all that is in the queue, but one byte a turn. A call has about six completions,
so a busy loop has fewer turns than bytes. The socket is full at 278: then the thread waits until
three quarters of them are read, and meanwhile no call goes on.

Answers arrive by the token bus and not by gRPC, so clients went on: in an ingress at its limit
3,600 answered calls with 400,000 objects had not returned, which every garbage collection examined.
"""

import asyncio
import fcntl
import gc
import socket
import struct
import termios
from collections.abc import Callable

POLLER = "PollerCompletionQueue"
"""gRPC's class with the queue and the socket pair. It has one instance in a process."""


def take_wakeups(loop: asyncio.AbstractEventLoop) -> Callable[[], None] | None:
    """Have the loop read all bytes but one in each turn; that one is for gRPC's own reader.

    Return the function that ends this, or None where gRPC is not used yet, or by
    several loops, or in a version that works otherwise.
    """
    pair = find_pair(loop)
    if pair is None:
        return None
    own = pair[0].dup()

    def read() -> None:
        if (unread := count_unread(own)) > 1:
            own.recv(unread - 1)

    def stop() -> None:
        loop.remove_reader(own)
        own.close()

    loop.add_reader(own, read)
    return stop


def count_unread(wakeups: socket.socket) -> int:
    """Return how many bytes wait in a socket."""
    return struct.unpack("i", fcntl.ioctl(wakeups, termios.FIONREAD, bytes(4)))[0]


def find_pair(
    loop: asyncio.AbstractEventLoop,
) -> tuple[socket.socket, socket.socket] | None:
    """Return the socket that the loop reads, which does not block, and the one of gRPC's thread."""
    for each in gc.get_objects():
        if type(each).__name__ == POLLER:
            held = gc.get_referents(each)
            # With several loops, another thread could find no byte where one was counted here.
            if any(isinstance(loops, dict) and set(loops) == {loop} for loops in held):
                pair = [end for end in held if isinstance(end, socket.socket)]
                pair.sort(key=socket.socket.getblocking)
                return (pair[0], pair[1]) if len(pair) == 2 else None
    return None
