"""The order in which threads take the work of several owners."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from deployments.owner import OWNER
from deployments.threads import Cancelled, WorkerThreads
from tests.support.waiting import run_other_tasks, until


class Works:
    """Begins works that last until they are let go, and notes the order of their beginnings."""

    def __init__(self, threads: WorkerThreads) -> None:
        self.threads = threads
        self.begun: list[str] = []
        self.may_end = threading.Semaphore(0)

    async def begin(self, *names: str) -> list[asyncio.Task[str]]:
        """Begin a work for each name, whose first character is its owner."""
        tasks: list[asyncio.Task[str]] = []
        for name in names:
            OWNER.set(name[0])
            tasks.append(asyncio.create_task(self.threads.run(self._make(name))))
            await run_other_tasks()
        return tasks

    def _make(self, name: str) -> "Work":
        return Work(self, name)


class Work:
    def __init__(self, works: Works, name: str) -> None:
        self._works = works
        self._name = name

    def __call__(self, _: Cancelled) -> str:
        self._works.begun.append(self._name)
        assert self._works.may_end.acquire(timeout=10)
        if self._name.endswith("!"):
            raise ValueError(self._name)
        return f"{self._name} of {OWNER.get()}"


async def test_owners_take_turns_in_a_thread_and_work_has_its_owner() -> None:
    works = Works(WorkerThreads(1))
    tasks = await works.begin("a1", "a2", "a3", "b1", "b2", "c1")
    await until(lambda: bool(works.begun))

    works.may_end.release(6)

    assert (await asyncio.gather(*tasks))[3] == "b1 of b"
    assert works.begun == ["a1", "b1", "c1", "a2", "b2", "a3"]
    await until(lambda: works.threads.num_unfinished() == 0)


async def test_spare_thread_is_for_an_owner_without_work_that_runs() -> None:
    works = Works(WorkerThreads(2, num_spare=1))
    tasks = await works.begin("a1", "a2", "a3", "b1", "b2")

    await until(lambda: len(works.begun) == 3)
    assert works.begun == ["a1", "a2", "b1"]

    works.may_end.release(5)
    await asyncio.gather(*tasks)
    assert sorted(works.begun) == ["a1", "a2", "a3", "b1", "b2"]


async def test_work_that_fails_or_whose_client_leaves_holds_nobody_up() -> None:
    works = Works(WorkerThreads(1))
    fails, leaves, stays = await works.begin("a1!", "a2", "a3")
    leaves.cancel()
    await run_other_tasks()
    works.may_end.release(3)

    with pytest.raises(ValueError, match="a1!"):
        await fails
    assert await stays == "a3 of a"
    assert works.begun == ["a1!", "a3"]
    await until(lambda: works.threads.num_unfinished() == 0)


async def test_work_that_waits_is_dropped_at_the_end() -> None:
    works = Works(WorkerThreads(1))
    runs, waits = await works.begin("a1", "a2")

    works.threads.close()
    works.may_end.release(1)

    assert await runs == "a1 of a"
    with pytest.raises(asyncio.CancelledError):
        await waits


async def test_streams_of_owners_take_turns() -> None:
    threads = WorkerThreads(1)
    works = Works(threads)
    (first,) = await works.begin("a0")
    await until(lambda: bool(works.begun))
    yielded: list[str] = []

    async def read(name: str) -> None:
        def work(_: Cancelled) -> Iterator[str]:
            yield name

        async for item in threads.stream(work):
            yielded.append(item)

    tasks: list[asyncio.Task[None]] = []
    for name in ("a1", "a2", "b1"):
        OWNER.set(name[0])
        tasks.append(asyncio.create_task(read(name)))
        await run_other_tasks()
    works.may_end.release(1)
    await asyncio.gather(first, *tasks)

    assert yielded == ["b1", "a1", "a2"]
