"""Runs the blocking work of engine libraries in threads, and signals when its client has left."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

Cancelled = threading.Event
"""Set when the client has left; the work should check it often, and end."""


class WorkerThreads:
    """Threads with one queue of work, for one event loop."""

    def __init__(self, num_threads: int = 1) -> None:
        self._pool = ThreadPoolExecutor(num_threads, thread_name_prefix="engine")
        self._unfinished = 0

    async def run(self, work: Callable[[Cancelled], T]) -> T:
        """Return what ``work`` returns. When cancelled, waiting work never starts."""
        cancelled = Cancelled()
        future = self._submit(lambda: work(cancelled))
        try:
            return await asyncio.wrap_future(future)
        finally:
            cancelled.set()

    async def stream(self, work: Callable[[Cancelled], Iterable[T]]) -> AsyncGenerator[T]:
        """Yield what ``work`` yields, at once. When closed, it ends at the next item at the latest.

        A client that reads slowly does not slow the thread down, which all requests share, so the
        limits of requests must bound ``work``.
        """
        loop = asyncio.get_running_loop()
        items: asyncio.Queue[T | None] = asyncio.Queue()
        cancelled = Cancelled()

        def pump() -> None:
            for item in work(cancelled):
                if cancelled.is_set():
                    break
                loop.call_soon_threadsafe(items.put_nowait, item)

        future = self._submit(pump)
        future.add_done_callback(lambda _: _wake(loop, items))
        try:
            while (item := await items.get()) is not None:
                yield item
            await asyncio.wrap_future(future)  # raises what the work raised
        finally:
            cancelled.set()
            future.cancel()

    def num_unfinished(self) -> int:
        """Return how much work runs or waits."""
        return self._unfinished

    def close(self) -> None:
        """Drop the work that waits; what runs ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, work: Callable[[], T]) -> "Future[T]":
        loop = asyncio.get_running_loop()
        self._unfinished += 1
        future = self._pool.submit(work)
        future.add_done_callback(lambda _: _call_on(loop, self._finish_one))
        return future

    def _finish_one(self) -> None:
        self._unfinished -= 1


def _wake(loop: asyncio.AbstractEventLoop, items: "asyncio.Queue[T | None]") -> None:
    _call_on(loop, lambda: items.put_nowait(None))


def _call_on(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():  # work may outlive a replica that shuts down
        loop.call_soon_threadsafe(call)
