"""The load generator against a server of a few lines, in this process."""

import asyncio
import base64
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from bench.client.job import Flow, Job
from bench.client.load import run
from bench.priority import raise_priority

WORDS = 5
EVENT = b'data: {"choices":[{"delta":{"content":"word"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
Answer = Callable[[int], list[bytes] | None]
"""Given how many requests came before: what is written of an answer, or that nothing is."""

Serve = Callable[[Answer], Awaitable[str]]


def whole(body: bytes, status: int = 200) -> list[bytes]:
    return [b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)), body]


def stream(*events: bytes) -> list[bytes]:
    chunks = [b"%x\r\n%s\r\n" % (len(event), event) for event in events]
    return [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *chunks, b"0\r\n\r\n"]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Return what starts a server that answers each request so, and returns its URL."""
    servers: list[asyncio.Server] = []

    async def start(answer: Answer) -> str:
        count = 0

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal count
            try:
                while True:
                    head = await reader.readuntil(b"\r\n\r\n")
                    await reader.readexactly(int(head.split(b"Content-Length: ")[1]))
                    pieces, count = answer(count), count + 1
                    if pieces is None:
                        break
                    for piece in pieces:
                        writer.write(piece)
                        await writer.drain()
                    if b"Connection: close" in pieces[0]:
                        break
            except asyncio.IncompleteReadError:
                pass
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/x"

    yield start
    for server in servers:
        server.close()


async def ask(url: str, callers: int = 2, most_requests: int = 6, **more: Any) -> dict[str, Any]:
    """Run a job of few requests and return what was seen of its flow."""
    flow = Flow(url, b"{}", callers, most_requests=most_requests, **more)
    result = await run(Job((flow,), seconds=30), lambda _: None)
    return result["flows"][0]


async def test_streams_are_counted_by_their_units_and_kept(serve: Serve) -> None:
    url = await serve(lambda _: stream(*[EVENT] * WORDS, DONE))

    seen = await ask(url, stream=True, units=128, keep=1)

    assert (seen["answered"], seen["units"], seen["contents"]) == (6, 6 * 128, 6 * WORDS)
    assert seen["errors"] == {}
    assert set(seen["first_ms"]) == {"p50", "p99"}
    assert [base64.b64decode(body) for body in seen["kept"]] == [EVENT * WORDS + DONE]


async def test_whole_answers_are_counted(serve: Serve) -> None:
    url = await serve(lambda _: whole(b"{}"))

    seen = await ask(url)

    assert (seen["answered"], seen["requests"], seen["units"]) == (6, 6, 6)


async def test_refused_requests_are_errors_and_the_caller_goes_on(
    serve: Serve,
) -> None:
    url = await serve(lambda before: whole(b"{}", 429 if before == 0 else 200))

    seen = await ask(url, callers=1, most_requests=3)

    assert (seen["answered"], seen["errors"]) == (2, {"status 429": 1})


async def test_stream_without_its_end_is_an_error(serve: Serve) -> None:
    url = await serve(lambda before: stream(EVENT) if before == 0 else stream(EVENT, DONE))

    seen = await ask(url, callers=1, most_requests=2, stream=True)

    assert (seen["answered"], seen["errors"]) == (1, {"stream without its end": 1})


async def test_lost_connection_is_an_error_and_opened_anew(serve: Serve) -> None:
    url = await serve(lambda before: None if before == 0 else whole(b"{}"))

    seen = await ask(url, callers=1, most_requests=2)

    assert (seen["answered"], seen["errors"]) == (1, {"connection lost": 1})


async def test_connection_that_the_server_is_going_to_close_is_not_used_again(serve: Serve) -> None:
    """As HAProxy does when it is reloaded."""
    last = [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"]
    url = await serve(lambda _: last)

    seen = await ask(url, callers=1, most_requests=5)

    assert (seen["answered"], seen["errors"]) == (5, {})


async def test_window_is_told_when_it_opens_and_closes(serve: Serve) -> None:
    url, told = await serve(lambda _: whole(b"{}")), list[str]()

    await run(Job((Flow(url, b"{}", 1, most_requests=1),), seconds=30), told.append)

    assert told == ["opened", "closed"]


def test_client_goes_on_after_a_job_that_it_refuses() -> None:
    far = Job((Flow("http://example.com/", b"", 1),), 1).to_line()

    done = subprocess.run(
        [sys.executable, "-m", "bench.client"],
        input=f"{far}\nnot json\n",
        capture_output=True,
        text=True,
        check=True,
    )

    refusals = [json.loads(line)["refused"] for line in done.stdout.splitlines()]
    assert len(refusals) == 2
    assert "this machine" in refusals[0]


def test_what_is_started_while_this_process_runs_first_does_not() -> None:
    code = "import os; print(os.sched_getscheduler(0))"

    with raise_priority():
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert int(child.stdout) == os.SCHED_OTHER == os.sched_getscheduler(0)
