"""Runs the blocking work of engine libraries in threads, and signals when its client has left."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from deployments.owner import OWNER
from wire.turns import TurnPlaces

T = TypeVar("T")

Cancelled = threading.Event
"""Set when the client has left; the work should check it often, and end."""


class WorkerThreads:
    """Threads with one queue of work in which owners take turns, for one event loop."""

    def __init__(self, num_threads: int = 1, num_spare: int = 0) -> None:
        """Run ``num_threads`` at a time; ``num_spare`` more for owners whose work does not run."""
        self._pool = ThreadPoolExecutor(num_threads + num_spare, thread_name_prefix="engine")
        self._lock = threading.Lock()
        self._places = TurnPlaces[_Work](num_threads, num_spare)
        self._unfinished = 0

    async def run(self, work: Callable[[Cancelled], T]) -> T:
        """Return what ``work`` returns. When cancelled, waiting work never starts."""
        cancelled = Cancelled()
        future = self.submit(lambda: work(cancelled))
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

        future = self.submit(pump)
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
        with self._lock:
            dropped = self._places.clear()
        for work in dropped:
            work.future.cancel()
        self._pool.shutdown(wait=False)

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Let work wait for its owner's turn, and return its future."""
        loop = asyncio.get_running_loop()
        self._unfinished += 1
        future: Future[T] = Future()
        waiting = _Work(OWNER.get(), future, work)
        future.add_done_callback(lambda _: self._drop_cancelled(waiting))
        future.add_done_callback(lambda _: _call_on(loop, self._finish_one))
        with self._lock:
            self._places.add(waiting.owner, waiting)
            following = self._places.begin(_Work.may_run)
        if following is not None:
            self._pool.submit(self._run, following)
        return future

    def _run(self, work: "_Work") -> None:
        """Run in a thread what has its turn, one after the other."""
        following: _Work | None = work
        while following is not None:
            ended = following
            ended.run()
            with self._lock:
                self._places.end(ended.owner)
                following = self._places.begin(_Work.may_run)

    def _drop_cancelled(self, work: "_Work") -> None:
        if work.future.cancelled():
            with self._lock:
                self._places.discard(work.owner, work)

    def _finish_one(self) -> None:
        self._unfinished -= 1


class _Work:
    """Work that waits, with the context of the task that waits for it."""

    def __init__(self, owner: str, future: "Future[Any]", work: Callable[[], Any]) -> None:
        self.owner = owner
        self.future = future
        self._work = work
        self._context = copy_context()

    def may_run(self) -> bool:
        """Begin to run, unless it has been cancelled."""
        return not self.future.cancelled() and self.future.set_running_or_notify_cancel()

    def run(self) -> None:
        """Run in this thread."""
        try:
            result = self._context.run(self._work)
        except BaseException as error:  # noqa: BLE001  raised where it is awaited
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


def _wake(loop: asyncio.AbstractEventLoop, items: "asyncio.Queue[T | None]") -> None:
    _call_on(loop, lambda: items.put_nowait(None))


def _call_on(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    if not loop.is_closed():  # work may outlive a replica that shuts down
        loop.call_soon_threadsafe(call)
