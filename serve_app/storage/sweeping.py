"""Deletion of expired objects at intervals, by every ingress replica."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from wire.logging import get_logger

logger = get_logger(__name__)

SWEEP_EVERY_S = 600


async def sweep_forever(
    what: str, sweep: Callable[[], Awaitable[object]], every_s: float = SWEEP_EVERY_S
) -> None:
    """Sweep until cancelled. After a failure the next sweep may succeed."""
    while True:
        try:
            await sweep()
        except Exception:
            logger.exception("Expired %s cannot be removed", what)
        # At random intervals, so that the replicas do not sweep at the same time.
        await asyncio.sleep(every_s * random.uniform(0.75, 1.25))
