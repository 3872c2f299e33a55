"""Responses in the background are jobs: claimed by one holder, whose writes alone count."""

import pytest

from serve_app.storage.database import Database
from serve_app.storage.jobs import ClaimLostError, JobStore
from serve_app.storage.responses import JOB, ResponseStore, StoredResponse
from tests.storage.processes import Replica, claim_all
from tests.storage.stored import OWNER, response


@pytest.fixture
def a(database: Database) -> JobStore:
    return JobStore(database, "a")


@pytest.fixture
def b(other: Database) -> JobStore:
    return JobStore(other, "b")


async def add_queued(store: ResponseStore) -> StoredResponse:
    new = response(background=True, status="queued")
    await store.add(new)
    return new


async def test_claimed_response_is_in_progress_and_nobody_elses(
    responses: ResponseStore, other: Database, a: JobStore, b: JobStore
) -> None:
    new = await add_queued(responses)

    claimed = await a.claim([JOB], 60)
    begun = await responses.begin(OWNER, new.id)

    assert claimed
    assert claimed[0].id == new.id
    assert begun == await ResponseStore(other).get(OWNER, new.id)
    assert begun.status == begun.body["status"] == "in_progress"
    assert begun.request == new.request
    assert await b.claim([JOB], 60) is None


async def test_only_live_background_responses_are_claimed(
    responses: ResponseStore, a: JobStore
) -> None:
    await responses.add(response(status="in_progress"))
    await responses.add(response(status="completed", background=True))
    await responses.add(response(status="queued", background=True, lives_s=-1))

    assert await a.claim([JOB], 60) is None


async def test_looking_for_work_that_is_not_there_waits_for_no_writer(
    a: JobStore, other: Database
) -> None:
    async with other.transaction():
        assert await a.claim([JOB], 60) is None


async def test_response_whose_holder_went_away_is_claimed_again(
    responses: ResponseStore, a: JobStore, b: JobStore
) -> None:
    new = await add_queued(responses)
    assert await a.claim([JOB], 0)

    again = await b.claim([JOB], 60)

    assert again
    assert again[0].id == new.id
    assert again[1] == 2
    assert await a.keep(new.id, 60) is None
    assert await b.keep(new.id, 60) == "queued"


async def test_kept_claim_does_not_end(responses: ResponseStore, a: JobStore, b: JobStore) -> None:
    new = await add_queued(responses)
    await a.claim([JOB], 0)

    assert await a.keep(new.id, 60) == "queued"
    assert await b.claim([JOB], 60) is None


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_claim_ends_with_a_cancel_and_with_a_deletion(
    responses: ResponseStore, a: JobStore, *, is_cancelled: bool
) -> None:
    new = await add_queued(responses)
    await a.claim([JOB], 60)

    if is_cancelled:
        assert await responses.finish(new.id, "cancelled", {"status": "cancelled"})
    else:
        await responses.delete(OWNER, new.id)

    assert await a.keep(new.id, 60) is None
    with pytest.raises(ClaimLostError):
        await a.lock(new.id)


async def test_holder_that_lost_its_claim_changes_nothing(
    database: Database, other: Database, responses: ResponseStore, a: JobStore, b: JobStore
) -> None:
    new = await add_queued(responses)
    await a.claim([JOB], 0)
    await b.claim([JOB], 60)

    async def add_and_finish(store: JobStore, where: Database, name: str) -> None:
        responses = ResponseStore(where)
        async with where.transaction():
            await store.lock(new.id)
            assert await responses.add_events(new.id, [(0, name.encode())])
            assert await responses.finish(new.id, "completed", {"by": name})

    with pytest.raises(ClaimLostError):
        await add_and_finish(a, database, "a")
    assert await responses.events(OWNER, new.id) == []
    await add_and_finish(b, other, "b")
    assert await responses.events(OWNER, new.id) == [(0, b"b")]
    assert (await responses.get(OWNER, new.id)).body == {"by": "b"}


async def test_job_of_an_expired_response_is_swept(
    database: Database, responses: ResponseStore
) -> None:
    expired = response(status="queued", background=True, lives_s=-1)
    await responses.add(expired)
    kept = await add_queued(responses)

    await responses.sweep()

    jobs = JobStore(database, "a")
    claimed = await jobs.claim([JOB], 60)
    assert claimed
    assert claimed[0].id == kept.id
    assert not await responses.finish(expired.id, "completed", {})


async def test_each_response_is_claimed_by_one_of_many_replicas(
    url: str, responses: ResponseStore
) -> None:
    new = {(await add_queued(responses)).id for _ in range(40)}

    replicas = [Replica(url, claim_all) for _ in range(4)]
    claimed = [name for replica in replicas for name in replica.rest()]

    assert sorted(claimed) == sorted(new)
    assert all(replica.process.exitcode == 0 for replica in replicas)
