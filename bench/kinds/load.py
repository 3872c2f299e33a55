"""Closed-loop load: each caller sends its next request as soon as it has an answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable

Once = Callable[[], Awaitable[float]]
"""Sends one request; returns the units of work of its answer."""


async def throughput(once: Once, concurrency: int, seconds: float) -> float:
    """Return units of work per second, including requests that end after the time."""

    async def caller() -> float:
        units = 0.0
        while time.perf_counter() < stop:
            units += await once()
        return units

    started = time.perf_counter()
    stop = started + seconds
    units = sum(await asyncio.gather(*(caller() for _ in range(concurrency))))
    return units / (time.perf_counter() - started)
