"""Concurrent calls with a bound, and tasks in the background."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any, TypeVar

from wire.logging import get_logger
from wire.turns import TurnPlaces

logger = get_logger(__name__)

T = TypeVar("T")


async def gather_limited(calls: Iterable[Callable[[], Awaitable[T]]], limit: int) -> list[T]:
    """Return the results of all calls, in their order; ``limit`` of them run at a time.

    The first that fails cancels the others, and its error is raised.
    """
    semaphore = asyncio.Semaphore(limit)

    async def run(call: Callable[[], Awaitable[T]]) -> T:
        async with semaphore:
            return await call()

    try:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(run(call)) for call in calls]
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    return [task.result() for task in running]


class TurnSemaphore:
    """A number of places, for which owners wait in turn. A spare one is for who has none."""

    def __init__(self, num_places: int, num_spare: int = 0) -> None:
        self._places = TurnPlaces[asyncio.Future[None]](num_places, num_spare)

    @asynccontextmanager
    async def hold(self, owner: str) -> AsyncGenerator[None]:
        """Hold a place."""
        granted = asyncio.get_running_loop().create_future()
        self._places.add(owner, granted)
        self._grant()
        try:
            await granted
            yield
        finally:
            if granted.cancelled():
                self._places.discard(owner, granted)
            else:
                self._places.end(owner)
                self._grant()

    def _grant(self) -> None:
        while (granted := self._places.begin(lambda future: not future.done())) is not None:
            granted.set_result(None)


class TurnThread:
    """A thread for what would hold the event loop; owners take turns.

    There is one, because each would take the interpreter from the loop for 5 ms at a time.
    """

    def __init__(self) -> None:
        self._turns = TurnSemaphore(1)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="large requests")

    async def run(self, owner: str, function: Callable[[], T]) -> T:
        """Return what a function returns, in the context of the caller."""
        async with self._turns.hold(owner):
            context = copy_context()
            return await asyncio.get_running_loop().run_in_executor(
                self._pool, context.run, function
            )

    def close(self) -> None:
        """End the thread once it has nothing to do."""
        self._pool.shutdown(wait=False)


@asynccontextmanager
async def background_tasks(
    *functions: Callable[[], Coroutine[Any, Any, None]],
) -> AsyncGenerator[None]:
    """Run functions as tasks for as long as the context lasts, then cancel and await them.

    A task that fails is logged when it fails; it ends neither the others nor the context.
    """
    tasks = [asyncio.create_task(_run_logged(function)) for function in functions]
    try:
        yield
    finally:
        await cancel_all(tasks)


async def cancel_all(tasks: Iterable["asyncio.Task[Any]"]) -> None:
    """Cancel tasks and wait until all have ended, however they end."""
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _run_logged(function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    try:
        await function()
    except Exception:
        logger.exception("Background task %s failed", function.__qualname__)
