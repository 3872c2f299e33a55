"""The loop of a process: gRPC's calls go on while it is busy, and what holds it is reported."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from event_loop.grpc_wakeups import count_unread, find_pair, take_wakeups
from event_loop.monitor import EventLoopMonitor
from wire.logging import get_logger

NUM_BYTES = 200
"""gRPC's reader takes as many turns for them. Its socket is full at 278."""


class Echo(grpc.GenericRpcHandler):
    """Answers each request with itself, as a stream of one item."""

    def service(self, handler_call_details: Any) -> Any:
        async def answer(request: bytes, _: Any) -> AsyncIterator[bytes]:
            yield request

        return grpc.unary_stream_rpc_method_handler(answer)


async def test_grpcs_wakeups_are_read_within_few_turns() -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((Echo(),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
    channel_calls = channel.unary_stream("/a/b")
    assert [item async for item in channel_calls(b"x")] == [b"x"]
    loop = asyncio.get_running_loop()
    pair = find_pair(loop)
    assert pair is not None
    wakeups, thread_end = pair
    stop = take_wakeups(loop)

    thread_end.send(bytes(NUM_BYTES))
    turns = 0
    while count_unread(wakeups):
        turns += 1
        await asyncio.wait([loop.create_future()], timeout=0)

    assert turns < NUM_BYTES / 10
    assert [item async for item in channel_calls(b"x")] == [b"x"]
    assert stop is not None
    stop()
    await channel.close()
    await server.stop(None)


async def test_what_holds_the_loop_is_logged_without_values() -> None:
    lines: list[str] = []
    logged = threading.Event()

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())
            logged.set()

    handler = Lines()
    logger = get_logger("event_loop.monitor")
    logger.addHandler(handler)
    monitor = EventLoopMonitor("chat", "small", long_s=0.05)
    monitor.start()

    def hold_the_loop(_: str) -> None:
        assert logged.wait(20)

    hold_the_loop("a prompt")
    monitor.close()
    logger.removeHandler(handler)

    assert "hold_the_loop" in lines[0]
    assert "a prompt" not in lines[0]


@pytest.mark.parametrize("kind", ["chat", "ingress"])
async def test_monitor_that_is_closed_leaves_nothing(kind: str) -> None:
    before = threading.active_count()
    monitor = EventLoopMonitor(kind, long_s=0.01)
    monitor.start()

    monitor.close()

    monitor.thread.join(20)
    assert threading.active_count() == before
