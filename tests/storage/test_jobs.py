import asyncio
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Connection
from time import time
from typing import Any

import pytest
from sqlalchemy import text

from serve_app.storage.database import Database
from serve_app.storage.jobs import WORK, ClaimLostError, JobStore
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Change, ObjectStore
from tests.storage.processes import Replica
from tests.storage.stored import OWNER
from wire.ids import new_id

KIND = "batch"


@pytest.fixture
def one(database: Database) -> JobStore:
    return JobStore(database, "one")


@pytest.fixture
def two(other: Database) -> JobStore:
    return JobStore(other, "two")


async def add_job(
    database: Database, status: str = "queued", owner: str = OWNER, **fields: Any
) -> StoredObject:
    body = {"status": status, "n": 0}
    job = StoredObject(new_id("job"), KIND, owner, body, status=status, **fields)
    await ObjectStore(database).add(job)
    return job


def same(job: StoredObject) -> StoredObject:
    return job


def in_status(status: str) -> Change:
    def change_status(job: StoredObject) -> StoredObject:
        return replace(job, status=status, body={**job.body, "status": status})

    return change_status


async def test_claimed_job_is_nobody_elses(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)

    assert await one.claim([KIND], 60) == (job, 1)
    assert await two.claim([KIND], 60) is None
    assert await one.claim([KIND], 60) is None


async def test_oldest_job_of_the_wanted_kinds_is_claimed(database: Database, one: JobStore) -> None:
    first, second = await add_job(database), await add_job(database)

    assert await one.claim(["file", "thread.run"], 60) is None
    assert await one.claim([], 60) is None
    for wanted in (first, second):
        claimed = await one.claim(["file", KIND], 60)
        assert claimed
        assert claimed[0] == wanted


async def claim_as(
    store: JobStore, kinds: Sequence[str] = (KIND,), new_owners: Sequence[str] = ()
) -> str | None:
    """Claim a job and return its owner."""
    claimed = await store.claim(kinds, 60, new_owners)
    return claimed[0].owner if claimed else None


async def test_owners_take_turns_whichever_process_claims(
    database: Database, one: JobStore, two: JobStore
) -> None:
    flood = [await add_job(database, owner="flood") for _ in range(5)]
    assert await one.claim([KIND], 60) == (flood[0], 1)
    for owner in ("quiet", "quiet", "other"):
        await add_job(database, owner=owner)

    owners = [await claim_as(store) for store in (two, one, two, two, one, two, one)]

    assert owners == ["quiet", "other", "flood", "quiet", "flood", "flood", "flood"]
    assert await claim_as(one) is None


async def test_spare_place_is_for_an_owner_of_whom_this_process_does_nothing(
    database: Database, one: JobStore, two: JobStore
) -> None:
    for owner in ("flood", "flood", "quiet", "quiet"):
        await add_job(database, owner=owner)
    assert await claim_as(one) == "flood"

    assert [await claim_as(one, (), (KIND,)) for _ in range(2)] == ["quiet", None]
    assert await claim_as(two, (), (KIND,)) == "flood"


@pytest.mark.parametrize(
    "status", [*WORK, "completed", "failed", "requires_action", "cancelled", None]
)
async def test_only_work_is_claimed(database: Database, one: JobStore, status: str | None) -> None:
    job = StoredObject(new_id("job"), KIND, OWNER, {}, status=status)
    await ObjectStore(database).add(job)

    assert (await one.claim([KIND], 60) is not None) == (status in WORK)


async def test_job_whose_lease_ended_is_claimed_again_and_counted(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)
    assert await one.claim([KIND], 0) == (job, 1)

    assert await two.claim([KIND], 0) == (job, 2)
    assert await one.claim([KIND], 60) == (job, 3)
    assert await two.keep(job.id, 60) is None
    assert await one.keep(job.id, 60) == "queued"


async def test_kept_claim_does_not_end(database: Database, one: JobStore, two: JobStore) -> None:
    job = await add_job(database)
    await one.claim([KIND], 0)

    assert await one.keep(job.id, 60) == "queued"
    assert await two.claim([KIND], 60) is None


async def test_holder_that_lost_its_claim_writes_nothing(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 0)
    await two.claim([KIND], 60)

    with pytest.raises(ClaimLostError):
        await one.write(job.id, in_status("completed"))
    await one.release(job.id)

    assert await ObjectStore(database).get(OWNER, KIND, job.id) == job
    assert await two.keep(job.id, 60) == "queued"


async def test_what_is_written_beside_a_lost_claim_is_not_kept(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 0)
    await two.claim([KIND], 60)
    beside = StoredObject(new_id("x"), "file", OWNER, {})

    async def write_both() -> None:
        async with database.transaction():
            await ObjectStore(database).add(beside)
            await one.write(job.id, same)

    with pytest.raises(ClaimLostError):
        await write_both()

    assert await ObjectStore(database).find(OWNER, "file", [beside.id]) == {}


async def test_holder_learns_of_a_cancel_and_of_a_deletion(
    database: Database, one: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 60)
    await ObjectStore(database).change(OWNER, KIND, job.id, in_status("cancelling"))

    assert await one.keep(job.id, 60) == "cancelling"
    await ObjectStore(database).delete(OWNER, KIND, job.id)
    assert await one.keep(job.id, 60) is None
    with pytest.raises(ClaimLostError):
        await one.write(job.id, same)


async def test_job_that_gets_on_has_not_been_begun_in_vain(
    database: Database, one: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 0)
    await one.claim([KIND], 0)

    await one.write(job.id, in_status("in_progress"))

    claimed = await one.claim([KIND], 60)
    assert claimed
    assert claimed[1] == 1


async def test_finished_job_has_no_holder(database: Database, one: JobStore) -> None:
    job = await add_job(database)
    await one.claim([KIND], 60)

    await one.write(job.id, in_status("completed"))

    assert await one.keep(job.id, 60) is None
    with pytest.raises(ClaimLostError):
        await one.write(job.id, same)
    assert await one.claim([KIND], 60) is None


async def test_job_that_was_given_back_is_taken_by_another_at_once(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 60)

    await one.release(job.id)

    assert await two.claim([KIND], 60) == (job, 1)


async def test_job_at_rest_is_claimed_when_it_shall_wake(
    database: Database, one: JobStore, two: JobStore
) -> None:
    sleeps, wakes = await add_job(database), await add_job(database)
    for job, wake_at in ((sleeps, time() + 1000), (wakes, time() - 1)):
        await one.claim([KIND], 60)
        await one.write(job.id, in_status("requires_action"), wake_at=wake_at)

    claimed = await two.claim([KIND], 60)

    assert claimed
    assert (claimed[0].id, claimed[0].status) == (wakes.id, "requires_action")
    assert await two.claim([KIND], 60) is None


async def test_job_at_rest_is_claimed_once_it_waits_again(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 60)
    await one.write(job.id, in_status("requires_action"), wake_at=time() + 1000)
    await ObjectStore(database).change(OWNER, KIND, job.id, in_status("queued"))

    claimed = await two.claim([KIND], 60)

    assert claimed
    assert claimed[0].id == job.id
    assert await one.claim([KIND], 60) is None


async def test_job_that_is_held_from_the_beginning_is_nobody_elses(
    database: Database, one: JobStore, two: JobStore
) -> None:
    async with database.transaction():
        job = await add_job(database)
        await one.hold(job.id, 60)

    assert await two.claim([KIND], 60) is None
    assert await one.keep(job.id, 60) == "queued"


async def test_looking_for_work_waits_for_no_writer(one: JobStore, other: Database) -> None:
    async with other.transaction():
        assert await one.claim([KIND], 60) is None


async def test_looking_for_work_that_is_not_there_writes_nothing(
    database: Database, one: JobStore
) -> None:
    await add_job(database, status="completed")
    if database.url.path is None:  # PostgreSQL counts the transactions that write
        assert await _last_transaction(database) == await _after_looks(database, one)
        return
    with closing(sqlite3.connect(database.url.path)) as watcher:
        before = watcher.execute("PRAGMA data_version").fetchone()
        for _ in range(5):
            assert await one.claim([KIND], 60) is None
        assert watcher.execute("PRAGMA data_version").fetchone() == before


async def _last_transaction(database: Database) -> Any:
    async with database.reading() as connection:
        query = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
        return (await connection.execute(text(query))).scalar_one()


async def _after_looks(database: Database, jobs: JobStore) -> Any:
    for _ in range(5):
        assert await jobs.claim([KIND], 60) is None
    return await _last_transaction(database)


async def test_claims_of_one_process_at_once_take_different_jobs(
    database: Database, one: JobStore, two: JobStore
) -> None:
    made = {(await add_job(database)).id for _ in range(10)}

    claimed = await asyncio.gather(*(store.claim([KIND], 60) for store in (one, two) * 10))

    taken = [each[0].id for each in claimed if each]
    assert len(taken) == len(set(taken))
    assert set(taken) <= made


async def test_each_job_is_claimed_by_one_of_many_replicas(url: str, database: Database) -> None:
    made = [(await add_job(database)).id for _ in range(40)]

    replicas = [Replica(url, claim_all) for _ in range(4)]
    claimed = [name for replica in replicas for name in replica.rest()]

    assert sorted(claimed) == sorted(made)


async def claim_all(database: Database, sender: Connection) -> None:
    """Take jobs until none is left, and report and finish each."""
    store = JobStore(database, f"holder-{secrets.token_hex(8)}")
    while claimed := await store.claim([KIND], 60):
        sender.send(claimed[0].id)
        await store.write(claimed[0].id, in_status("completed"))


async def test_attempts_of_a_request_and_of_a_process_are_counted_together(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 0)
    assert await one.count_attempt(job.id) == 2

    assert await two.claim([KIND], 60) == (job, 3)
    with pytest.raises(ClaimLostError):
        await one.count_attempt(job.id)
    assert await two.count_attempt(job.id) == 4


async def test_attempt_that_was_released_after_its_lease_does_not_count(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 0)
    assert await two.claim([KIND], 0) == (job, 2)

    await one.release(job.id)

    assert await two.keep(job.id, 0) == "queued", "it is still the other's"
    assert await one.claim([KIND], 60) == (job, 2)


async def test_job_that_is_locked_is_taken_by_nobody_until_the_transaction_ends(
    database: Database, one: JobStore, two: JobStore
) -> None:
    job = await add_job(database)
    await one.claim([KIND], 0)

    async with database.transaction():
        await one.lock(job.id)
        claiming = asyncio.create_task(two.claim([KIND], 60))
        await one.write(job.id, in_status("completed"))

    assert await claiming is None
