"""Several calls of one request at once, but not all at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def together(jobs: Iterable[Callable[[], Awaitable[T]]], at_once: int) -> list[T]:
    """Return the results of all jobs, in their order.

    The first that fails ends the others, and its error is raised.
    """
    room = asyncio.Semaphore(at_once)

    async def done(job: Callable[[], Awaitable[T]]) -> T:
        async with room:
            return await job()

    try:
        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(done(job)) for job in jobs]
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return [task.result() for task in working]
