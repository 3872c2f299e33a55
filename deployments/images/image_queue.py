"""Gathers waiting images into passes of the pipeline, one pass at a time.

Unlike texts (``sentence_transformers/batching.py``), an image takes seconds: only images drawn
alike share a pass, each can be cancelled at every step, and a pass that fails is repeated image
by image.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from deployments.contention import Contention
from deployments.images.job import Job
from deployments.owner import OWNER
from deployments.threads import WorkerThreads
from wire.turns import TurnQueue

Draw = Callable[[Sequence[Job]], list[Any]]
"""Returns an image for each job, or the error in place of the image; blocks."""


Entry = tuple[Job, asyncio.Future[Any]]


class ImageQueue:
    """A queue of jobs before one thread, in which owners take turns; for one event loop."""

    def __init__(self, draw: Draw, max_batch_size: int) -> None:
        self.draw_pass = draw
        self._max_batch_size = max_batch_size
        self._threads = WorkerThreads(1)
        self._waiting = TurnQueue[Entry]()
        self._contention = Contention()
        self._repeated: list[Entry] = []
        """Jobs whose shared pass failed. They come first."""
        self._unfinished = 0
        self._working: asyncio.Task[None] | None = None

    async def draw(self, job: Job) -> Any:
        """Return the job's image. Cancellation stops the work, at the next step if it has begun."""
        result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        owner, entry = OWNER.get(), (job, result)
        self._contention.note(owner)
        self._waiting.add(owner, entry)
        self._unfinished += 1
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        try:
            return await result
        finally:
            self._waiting.discard(owner, lambda each: each is entry)
            job.cancelled.set()
            self._unfinished -= 1

    def num_unfinished(self) -> int:
        """Return how many images are awaited, and how many passes run that no client awaits."""
        return self._unfinished + self._threads.num_unfinished()

    def close(self) -> None:
        """Drop the jobs that wait, and stop those that run."""
        for job, result in [*self._repeated, *self._waiting.clear()]:
            job.cancelled.set()
            result.cancel()
        self._threads.close()

    async def _work(self) -> None:
        while batch := self._next_batch():
            jobs = [job for job, _ in batch]
            try:
                images = await self._threads.run(lambda _, jobs=jobs: self.draw_pass(jobs))
                if len(images) != len(jobs):
                    raise RuntimeError(f"{len(images)} images were made of {len(jobs)}")
            except Exception as error:  # noqa: BLE001  (raised in each request)
                if len(batch) == 1:
                    _settle(batch[0][1], error)
                    continue
                for job in jobs:  # another client's job must not fail a request: repeat each
                    job.alone = True
                self._repeated += batch
                continue
            for (_, result), image in zip(batch, images, strict=True):
                _settle(result, image)

    def _next_batch(self) -> list[Entry]:
        """Take the next job and those after it that may share its pass."""
        self._repeated = [entry for entry in self._repeated if not entry[1].done()]
        if self._repeated:
            return [self._repeated.pop(0)]
        first = self._waiting.pop(_is_wanted)
        if first is None:
            return []
        batch = [first]

        def may_share(entry: Entry) -> bool:
            alike = entry[0].drawing == first[0].drawing
            return _is_wanted(entry) and alike and not (first[0].alone or entry[0].alone)

        size = self._contention.limit(self._max_batch_size)
        while len(batch) < size and (entry := self._waiting.pop(may_share)):
            batch.append(entry)
        return batch


def _is_wanted(entry: Entry) -> bool:
    return not entry[1].done()


def _settle(result: "asyncio.Future[Any]", outcome: Any) -> None:
    if result.done():
        return
    if isinstance(outcome, Exception):
        result.set_exception(outcome)
    else:
        result.set_result(outcome)
