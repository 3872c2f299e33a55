"""Gathers images that wait into passes of the pipeline, one pass at a time.

Knows jobs and threads; nothing of the library that draws.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from deployments.images.job import Job
from deployments.threads import WorkerThreads

Draw = Callable[[Sequence[Job]], list[Any]]
"""Returns the jobs' images in their order, or in an image's place what was wrong; blocks."""


class Batches:
    """A queue of jobs in front of one thread. Belongs to one event loop."""

    def __init__(self, draw: Draw, max_batch_size: int) -> None:
        self._draw = draw
        self._max_batch_size = max_batch_size
        self._threads = WorkerThreads(1)
        self._waiting: list[tuple[Job, asyncio.Future[Any]]] = []
        self._unfinished = 0
        self._working: asyncio.Task[None] | None = None

    async def image(self, job: Job) -> Any:
        """Return the job's image. Cancelled, the work stops: at the next step if it runs."""
        waits: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, waits))
        self._unfinished += 1
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        try:
            return await waits
        finally:
            job.cancelled.set()
            self._unfinished -= 1

    def num_unfinished(self) -> int:
        """Return how many images are waited for, and passes that nobody waits for any more."""
        return self._unfinished + self._threads.num_unfinished()

    def close(self) -> None:
        """Forget what waits, and stop what runs."""
        for job, waits in self._waiting:
            job.cancelled.set()
            waits.cancel()
        self._threads.close()

    async def _work(self) -> None:
        while batch := self._next_batch():
            jobs = [job for job, _ in batch]
            try:
                images = await self._threads.run(lambda _, jobs=jobs: self._draw(jobs))
                if len(images) != len(jobs):
                    raise RuntimeError(f"{len(images)} images were made of {len(jobs)}")
            except Exception as error:  # noqa: BLE001  (it belongs to those who wait)
                if len(batch) == 1:
                    _settle(batch[0][1], error)
                    continue
                for job in jobs:  # nobody fails by a stranger's request: each again by itself
                    job.alone = True
                self._waiting = batch + self._waiting
                continue
            for (_, waits), image in zip(batch, images, strict=True):
                _settle(waits, image)

    def _next_batch(self) -> list[tuple[Job, asyncio.Future[Any]]]:
        """Take the first job and those behind it that may share its pass."""
        self._waiting = [(job, waits) for job, waits in self._waiting if not waits.done()]
        if not self._waiting:
            return []
        first = self._waiting[0][0]
        batch = [
            item
            for item in self._waiting
            if item[0] is first
            or (not (first.alone or item[0].alone) and item[0].drawing == first.drawing)
        ][: self._max_batch_size]
        self._waiting = [item for item in self._waiting if item not in batch]
        return batch


def _settle(waits: "asyncio.Future[Any]", outcome: Any) -> None:
    if waits.done():
        return
    if isinstance(outcome, Exception):
        waits.set_exception(outcome)
    else:
        waits.set_result(outcome)
