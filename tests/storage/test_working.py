"""How an ingress replica does jobs, whatever they are."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import pytest
from sqlalchemy import update

from serve_app.jobs import worker as module
from serve_app.jobs.worker import MAX_ATTEMPTS, JobKind, Jobs
from serve_app.storage.database import Database
from serve_app.storage.jobs import JobStore
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Change, ObjectStore
from serve_app.storage.tables import OBJECTS
from tests.storage.processes import Replica
from tests.storage.stored import OWNER
from tests.support import waiting
from wire.errors import APIError, InvalidRequestError
from wire.ids import new_id

KIND = "batch"
STEPS = 30


async def add_job(
    database: Database, kind: str = KIND, status: str = "queued", owner: str = OWNER
) -> StoredObject:
    job = StoredObject(new_id("job"), kind, owner, {"n": 0}, status=status)
    await ObjectStore(database).add(job)
    return job


async def until(database: Database, job: StoredObject, status: str) -> StoredObject:
    objects = ObjectStore(database)
    return await waiting.read_until(
        lambda: objects.get(OWNER, job.kind, job.id), lambda kept: kept.status == status
    )


def in_status(status: str, **body: Any) -> Change:
    def change_body(job: StoredObject) -> StoredObject:
        return replace(job, status=status, body={**job.body, **body})

    return change_body


class Work:
    """Keeps what it was asked to do, and ends jobs when it may."""

    def __init__(self, jobs: Jobs) -> None:
        self.jobs = jobs
        self.may_end = asyncio.Event()
        self.changed = asyncio.Condition()
        self.told: list[tuple[str, str]] = []
        self.raises: Exception | None = None
        self.ended = 0

    async def _tell(self, what: str, job: StoredObject) -> None:
        async with self.changed:
            self.told.append((what, job.id))
            self.changed.notify_all()

    async def until(self, number: int, what: str = "work") -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.names(what) >= number)

    def names(self, what: str) -> int:
        return sum(name == what for name, _ in self.told)

    async def work(self, job: StoredObject) -> None:
        await self._tell("work", job)
        if self.raises:
            raise self.raises
        await self.may_end.wait()
        self.ended += 1
        await self.jobs.store.write(job.id, in_status("completed"))

    async def fail(self, job: StoredObject, error: APIError) -> None:
        await self._tell("fail", job)
        await self.jobs.store.write(job.id, in_status("failed", error=error.message))

    async def cancel(self, job: StoredObject) -> None:
        await self._tell("cancel", job)
        await self.jobs.store.write(job.id, in_status("cancelled"))

    def forget(self, job: StoredObject) -> None:
        self.told.append(("left", job.id))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_EVERY_S", "RENEW_EVERY_S"):
        monkeypatch.setattr(module, name, 0.05)


@pytest.fixture
async def start() -> AsyncIterator[Any]:
    """Have a replica work; it ends with the test."""
    tasks: list[asyncio.Task[None]] = []

    def start(database: Database, **options: Any) -> tuple[Work, asyncio.Task[None]]:
        jobs = Jobs(database)
        work = Work(jobs)
        cancel = options.pop("cancel", work.cancel)
        jobs.define({KIND: JobKind(work.work, work.fail, cancel, work.forget, **options)})
        tasks.append(asyncio.create_task(jobs.work_forever()))
        return work, tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_job_is_done_and_left(database: Database, start: Any) -> None:
    job = await add_job(database)
    work, _ = start(database)
    work.may_end.set()

    await until(database, job, "completed")
    await until(database, await add_job(database), "completed")

    assert work.told[:2] == [("work", job.id), ("left", job.id)]


async def test_job_that_is_refused_fails_with_what_was_wrong(
    database: Database, start: Any
) -> None:
    work, _ = start(database)
    work.raises = InvalidRequestError("No such thing.")
    refused = await until(database, await add_job(database), "failed")
    work.raises = ValueError("secret")
    broken = await until(database, await add_job(database), "failed")

    assert refused.body["error"] == "No such thing."
    assert "secret" not in broken.body["error"]


async def test_kinds_have_limits_of_their_own(database: Database, start: Any) -> None:
    made = [await add_job(database) for _ in range(5)]
    await add_job(database, "file")
    work, _ = start(database, max_at_once=2)

    await work.until(2)
    assert len(work.told) == 2
    work.may_end.set()

    for job in made:
        await until(database, job, "completed")
    assert {job_id for _, job_id in work.told} == {job.id for job in made}


async def test_owner_without_a_job_at_work_need_not_wait_for_the_jobs_of_another(
    database: Database, start: Any
) -> None:
    for _ in range(5):
        await add_job(database)
    work, _ = start(database, max_at_once=2)
    await work.until(2)

    quiet = [(await add_job(database, owner="quiet")).id for _ in range(2)]
    await work.until(3)

    assert [job_id for _, job_id in work.told][2:] == quiet[:1]


async def test_job_that_is_cancelled_ends_soon(
    database: Database, other: Database, start: Any
) -> None:
    job = await add_job(database)
    work, _ = start(database)
    await work.until(1)

    await ObjectStore(other).change(OWNER, KIND, job.id, in_status("cancelling"))
    await until(database, job, "cancelled")

    assert [name for name, _ in work.told][:2] == ["work", "cancel"]


async def test_job_that_is_cancelled_before_it_begins_is_not_begun(
    database: Database, start: Any
) -> None:
    job = await add_job(database, status="cancelling")
    work, _ = start(database)

    await until(database, job, "cancelled")

    assert work.names("work") == 0


async def test_job_without_a_way_to_cancel_goes_on(database: Database, start: Any) -> None:
    job = await add_job(database)
    work, _ = start(database, cancel=None)
    await work.until(1)
    await ObjectStore(database).change(OWNER, KIND, job.id, in_status("cancelling"))
    work.may_end.set()

    await until(database, job, "completed")

    assert work.names("work") == 1


async def test_job_that_ends_its_processes_fails_in_the_end(database: Database, start: Any) -> None:
    job = await add_job(database)
    dying = JobStore(database, "dying")
    for _ in range(MAX_ATTEMPTS):
        assert await dying.claim([KIND], 0)

    work, _ = start(database)
    await until(database, job, "failed")

    assert work.names("work") == 0


async def test_what_is_not_finished_goes_back_when_a_replica_ends(
    database: Database, other: Database, start: Any
) -> None:
    job = await add_job(database)
    first, task = start(database)
    await first.until(1)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    second, _ = start(other)
    second.may_end.set()
    await until(database, job, "completed")  # the first one's lease has not ended

    assert [name for name, _ in first.told] == ["work", "left"]
    assert second.names("work") == 1


async def test_work_on_a_job_that_was_deleted_ends(database: Database, start: Any) -> None:
    job = await add_job(database)
    work, _ = start(database)
    await work.until(1)

    await ObjectStore(database).delete(OWNER, KIND, job.id)
    next_one = await add_job(database)
    await waiting.until(lambda: ("left", job.id) in work.told)
    work.may_end.set()

    await until(database, next_one, "completed")


async def test_job_that_was_claimed_again_unnoticed_is_worked_on_once(
    database: Database, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a process stands still for longer than its lease."""
    monkeypatch.setattr(module, "RENEW_EVERY_S", 60)
    job = await add_job(database)
    work, _ = start(database)
    await work.until(1)
    async with database.writing() as connection:
        await connection.execute(update(OBJECTS).values(lease_until=1))

    await work.until(2)
    work.may_end.set()
    await until(database, job, "completed")

    await until(database, await add_job(database), "completed")
    assert work.told.count(("left", job.id)) == 1
    assert work.ended == 1 + 1


async def test_job_whose_process_is_killed_is_finished_by_another_and_no_step_done_twice(
    url: str, database: Database
) -> None:
    job = await add_job(database)
    replicas = [Replica(url, do_steps) for _ in range(2)]
    await waiting.read_until(
        lambda: ObjectStore(database).get(OWNER, KIND, job.id), lambda kept: kept.body["n"] >= 5
    )
    first, second = sorted(replicas, key=lambda each: not each.reports.poll())
    first.kill()

    kept = await until(database, job, "completed")

    second.kill()
    done = [*first.rest(), *second.rest()]
    assert len(done) == len(set(done)) >= STEPS - 1  # the last one may not have been reported
    assert kept.body["n"] == STEPS


async def do_steps(database: Database, sender: Connection) -> None:
    """Work on jobs for ever, step by step, and report each step once it is kept."""
    module.LEASE_S, module.LOOK_EVERY_S, module.RENEW_EVERY_S = 2, 0.1, 0.1  # type: ignore[misc]
    jobs = Jobs(database)

    def one_more(job: StoredObject) -> StoredObject:
        number = job.body["n"] + 1
        status = "completed" if number == STEPS else "in_progress"
        return replace(job, status=status, body={"n": number})

    async def work(job: StoredObject) -> None:
        while job.status != "completed":
            job = await jobs.store.write(job.id, one_more)
            sender.send(f"{job.body['n']}")
            await asyncio.sleep(0.01)

    async def fail(job: StoredObject, error: APIError) -> None:
        raise AssertionError(error)

    jobs.define({KIND: JobKind(work, fail)})
    await jobs.work_forever()


async def test_replica_that_ends_leaves_no_task_behind(
    database: Database, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, looked = JobStore.claim, asyncio.Event()

    async def look(self: JobStore, *arguments: Any) -> Any:
        found = await claim(self, *arguments)
        looked.set()
        return found

    monkeypatch.setattr(JobStore, "claim", look)
    before = asyncio.all_tasks()
    _, working = start(database)
    await looked.wait()
    working.cancel()
    await asyncio.wait({working})

    assert asyncio.all_tasks() == before
