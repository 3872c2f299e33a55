"""Closed-loop load: so many callers, each asks again as soon as it is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable

Once = Callable[[], Awaitable[float]]
"""One request; returns the units of work that its answer has."""


async def throughput(once: Once, concurrency: int, seconds: float) -> float:
    """Return units of work a second, the requests included that end after the time."""

    async def caller() -> float:
        units = 0.0
        while time.perf_counter() < stop:
            units += await once()
        return units

    started = time.perf_counter()
    stop = started + seconds
    units = sum(await asyncio.gather(*(caller() for _ in range(concurrency))))
    return units / (time.perf_counter() - started)
