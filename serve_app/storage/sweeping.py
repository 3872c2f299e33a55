"""Tidying up now and then, by every ingress replica."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from wire.logging import get_logger

logger = get_logger(__name__)

SWEEP_EVERY_S = 600


async def sweep_forever(
    what: str, sweep: Callable[[], Awaitable[object]], every_s: float = SWEEP_EVERY_S
) -> None:
    """Sweep until cancelled. Whatever fails, the next time may succeed."""
    while True:
        try:
            await sweep()
        except Exception:
            logger.exception("Expired %s cannot be removed", what)
        # Apart, so that the replicas do not all do it at once.
        await asyncio.sleep(every_s * random.uniform(0.75, 1.25))
