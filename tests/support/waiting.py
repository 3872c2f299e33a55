"""Waits for what nothing signals: the only module of the tests that sleeps."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

LIMIT_S = 120
"""Of the asynchronous waits: so long that only something that never happens reaches it."""


def wait_until(
    condition: Callable[[], bool], timeout_s: float, message: str = "", every_s: float = 0.05
) -> None:
    """Check until the condition holds; fail when it does not in time.

    The last check begins after that time, since this process may have stood still before.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        is_last = time.monotonic() >= deadline
        if condition():
            return
        assert not is_last, message or f"not within {timeout_s} s"
        time.sleep(every_s)


async def until(condition: Callable[[], bool], every_s: float = 0.01) -> None:
    """Check until the condition holds; fail when it does not in time."""

    async def check() -> bool:
        return condition()

    await read_until(check, bool, every_s)


async def read_until(
    read: Callable[[], Awaitable[T]], is_last: Callable[[T], bool], every_s: float = 0.01
) -> T:
    """Read until the value is as wanted, and return it; fail when it is not in time."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        is_late = time.monotonic() >= deadline
        value = await read()
        if is_last(value):
            return value
        assert not is_late, f"not within {LIMIT_S} s: {value!r}"
        await asyncio.sleep(every_s)


async def run_other_tasks(turns: int = 1) -> None:
    """Let the event loop run whatever is ready, so many times."""
    for _ in range(turns):
        await asyncio.sleep(0)
