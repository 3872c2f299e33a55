"""Callers on raw sockets: each sends its next request when the answer to the last has ended.

Only lengths and the ends of events are parsed, because the CPU time of this process is taken from
the server. Times are measured when the kernel delivers the bytes.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import urlsplit

from bench.client.figures import Seen
from bench.client.job import Flow, Job
from bench.client.wire import Answer, Events, request

PAUSE_S = 0.1
"""Delay before a refused caller retries, so that refusals do not become the load."""

clock = time.perf_counter


class Run:
    """One run of a job: its window, and the callers that are still busy."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.began = clock()
        self.opens = self.began + job.warmup_s
        self.closes = self.opens + job.seconds
        self.busy = sum(flow.callers for flow in job.flows)
        self.ended = asyncio.Event()

    def leave(self) -> None:
        """Count a caller as finished."""
        self.busy -= 1
        if self.busy == 0:
            self.ended.set()


class Sending:
    """A flow: its bytes, the number of requests sent, and its records."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.bytes = request(flow.url, flow.body, flow.content_type, flow.key)
        self.sent = 0
        self.seen = Seen()

    def may_send(self) -> bool:
        """Return whether to send one more request, and count it."""
        if self.flow.most_requests and self.sent >= self.flow.most_requests:
            return False
        self.sent += 1
        return True


class Caller(asyncio.Protocol):
    """One connection."""

    def __init__(self, run: Run, sending: Sending) -> None:
        self._run = run
        self._sending = sending
        self._seen = sending.seen
        self._stream = sending.flow.stream
        self._transport: asyncio.Transport | None = None
        self._waiting = False
        self._left = False

    def begin(self) -> None:
        """Connect and start sending."""
        self._send()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has another base class
        self._send()

    def data_received(self, data: bytes) -> None:
        """Record the time and the amount of text."""
        now = clock()
        if not self._waiting:
            return
        try:
            body = self._answer.feed(data)
        except ValueError:
            assert self._transport is not None
            self._transport.abort()
            self._fail("unreadable answer")
            return
        if self._pieces is not None:
            self._pieces.append(body)
        if self._stream and self._answer.status == 200:
            contents = self._events.feed(body)
            if contents:
                self._note(now, contents)
        if self._answer.done:
            self._end(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """Reconnect if a server closes a connection that should stay open."""
        self._transport = None
        if self._waiting:
            self._fail("connection lost")

    def abandon(self) -> None:
        """End: the time for the last answers is over."""
        if self._waiting:
            self._waiting = False
            self._seen.errors["not answered in time"] += 1
        if self._transport is not None:
            self._transport.abort()
        self._leave()

    async def _connect(self) -> None:
        address = urlsplit(self._sending.flow.url)
        host, port = address.hostname or "", address.port or 80
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, host, port)
        except OSError:
            self._fail("no connection")

    def _send(self) -> None:
        now = clock()
        if self._left or now >= self._run.closes:
            self._leave()
            return
        if self._transport is None:
            self._task = asyncio.get_running_loop().create_task(self._connect())
            return
        if not self._sending.may_send():
            self._leave()
            return
        self._answer = Answer()
        self._events = Events()
        self._inside = 0  # events with text in the window
        self._last = 0.0
        keeps = self._sending.sent <= self._sending.flow.keep
        self._pieces: list[bytes] | None = [] if keeps else None
        self._waiting = True
        self._began = now
        self._transport.write(self._sending.bytes)

    def _note(self, now: float, contents: int) -> None:
        if self._run.opens <= now < self._run.closes:
            self._inside += contents
            if self._last:
                self._seen.gaps.append(now - self._last)
            else:
                self._seen.firsts.append(now - self._began)
        self._last = now

    def _end(self, now: float) -> None:
        if self._answer.is_last and self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._answer.status != 200:
            self._fail(f"status {self._answer.status}")
            return
        if self._stream and not (self._events.finished and self._events.contents):
            self._fail("stream without its end")
            return
        self._waiting = False
        seen, units = self._seen, self._sending.flow.units
        seen.answered += 1
        inside = self._run.opens <= now < self._run.closes
        if inside:
            seen.requests += 1
            seen.latencies.append(now - self._began)
        if self._stream:
            # An event can have several tokens, but in total all have the same number.
            seen.units += units * self._inside / self._events.contents
            seen.contents += self._inside
        elif inside:
            seen.units += units
        if self._pieces is not None:
            seen.kept.append(b"".join(self._pieces))
        self._send()

    def _fail(self, kind: str) -> None:
        self._waiting = False
        self._seen.errors[kind] += 1
        asyncio.get_running_loop().call_later(PAUSE_S, self._send)

    def _leave(self) -> None:
        if not self._left:
            self._left = True
            self._run.leave()
            if self._transport is not None:
                self._transport.close()


async def run(job: Job, report: Callable[[str], None]) -> dict[str, Any]:
    """Run a job and return its figures; ``report`` is called when the window opens and closes.

    The callers start one after the other during the warm-up, so that their answers are not in step.
    """
    this = Run(job)
    sendings = [Sending(flow) for flow in job.flows]
    callers = [Caller(this, sending) for sending in sendings for _ in range(sending.flow.callers)]
    loop = asyncio.get_running_loop()
    for number, caller in enumerate(callers):
        loop.call_later(job.warmup_s * number / len(callers), caller.begin)
    window = Window(report)
    loop.call_later(job.warmup_s, window.open)
    closing = loop.call_later(job.warmup_s + job.seconds, window.close)
    try:
        await asyncio.wait_for(this.ended.wait(), job.warmup_s + job.seconds + job.drain_s)
    except TimeoutError:
        for caller in callers:
            caller.abandon()
    closing.cancel()
    window.close()
    return {
        "seconds": window.seconds,
        "client_cpu_s": window.cpu_s,
        "flows": [sending.seen.result(window.seconds) for sending in sendings],
    }


class Window:
    """The measured time, and the CPU time of this process in it."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._opened: tuple[float, float] | None = None
        self._closed = False
        self.seconds = 0.0
        self.cpu_s = 0.0

    def open(self) -> None:
        """Start counting."""
        self._opened = clock(), time.process_time()
        self._report("opened")

    def close(self) -> None:
        """Stop counting, when the time is over or all requests are answered."""
        if self._opened is None or self._closed:
            return
        self._closed = True
        self.seconds = clock() - self._opened[0]
        self.cpu_s = time.process_time() - self._opened[1]
        self._report("closed")
