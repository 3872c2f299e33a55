"""Measures how long the event loop of a process stands still, and logs what it does then.

Serve's own metric takes one sample in five seconds, so it shows hardly any of these times.
"""

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType

from ray.util.metrics import Histogram

from event_loop.grpc_wakeups import take_wakeups
from wire.logging import get_logger

logger = get_logger(__name__)

TICK_S = 0.05
"""How often the loop is checked: 20 times a second, which costs some 0.1 % of a core."""
TICKS_OF_SAMPLE = 20
"""The longest delay of a second is one sample."""
LONG_S = 0.5
"""A loop that stands still for longer is reported in the log. Health checks wait for 30 s."""
PAUSE_S = 10
"""The shortest time between two reports."""
NUM_FRAMES = 8
"""Innermost frames of a report: enough to reach a function of ours."""
SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
"""Boundaries of the histogram, from a loop that is free to one that health checks end."""


class EventLoopMonitor:
    """Watches the loop that it is started on."""

    def __init__(self, kind: str, model: str = "-", *, long_s: float = LONG_S) -> None:
        """Label the metric with a kind, or ``ingress``, and a model."""
        self._labels = {"kind": kind, "model": model}
        self._long_s = long_s
        self._delays = Histogram(
            "homeport_event_loop_delay_seconds",
            "Longest time in each second for which the process's event loop did nothing else.",
            SECONDS,
            ("kind", "model"),
        )
        self._longest = 0.0
        self._ticks = 0
        self._ticked = 0.0
        self._reported_at = float("-inf")
        self._closed = threading.Event()
        self.thread = threading.Thread(target=self._watch, name="event loop monitor", daemon=True)
        self._stop_taking: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to watch the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loops_thread = threading.get_ident()
        self._ticked = time.monotonic()
        self._timer = self._loop.call_later(TICK_S, self._tick)
        self._stop_taking = take_wakeups(self._loop)
        self.thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()
        self._timer.cancel()
        if self._stop_taking is not None:
            self._stop_taking()

    def _tick(self) -> None:
        now = time.monotonic()
        delay = max(now - self._ticked - TICK_S, 0.0)
        self._ticked = now
        self._longest = max(self._longest, delay)
        self._ticks += 1
        if self._ticks >= TICKS_OF_SAMPLE:
            self._delays.observe(self._longest, self._labels)
            self._longest, self._ticks = 0.0, 0
        if delay > self._long_s:
            # The other thread had no chance to, if the code never released the interpreter.
            self._report(delay, "code that lets no other thread run")
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def _watch(self) -> None:
        """Report, from a thread, what runs while the loop stands still."""
        while not self._closed.wait(self._long_s / 2):
            delay = time.monotonic() - self._ticked - TICK_S
            if delay > self._long_s and (frame := sys._current_frames().get(self._loops_thread)):
                self._report(delay, describe(frame))

    def _report(self, delay: float, running: str) -> None:
        now = time.monotonic()
        if now - self._reported_at > max(PAUSE_S, delay):
            self._reported_at = now
            logger.warning("The event loop has stood still for %.1f s in %s", delay, running)


def describe(frame: FrameType) -> str:
    """Return the places in the code of the innermost frames, without any values."""
    stack = traceback.extract_stack(frame, NUM_FRAMES)
    return " < ".join(f"{each.name} ({each.filename}:{each.lineno})" for each in reversed(stack))
