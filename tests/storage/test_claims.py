from serve_app.storage.database import Database
from serve_app.storage.responses import ResponseStore, StoredResponse
from tests.storage.processes import Replica, claim_all
from tests.storage.stored import OWNER, response


async def queued(store: ResponseStore) -> StoredResponse:
    new = response(background=True, status="queued")
    await store.add(new)
    return new


async def test_claimed_response_is_in_progress_and_nobody_elses(
    responses: ResponseStore, other: Database
) -> None:
    new = await queued(responses)

    claimed = await responses.claim("a", 60)

    assert claimed
    assert claimed == await ResponseStore(other).get(OWNER, new.id)
    assert claimed.status == claimed.body["status"] == "in_progress"
    assert claimed.request == new.request
    assert await ResponseStore(other).claim("b", 60) is None


async def test_only_live_background_responses_are_claimed(responses: ResponseStore) -> None:
    await responses.add(response(status="in_progress"))
    await responses.add(response(status="completed", background=True))
    await responses.add(response(status="queued", background=True, lives_s=-1))

    assert await responses.claim("a", 60) is None


async def test_looking_for_work_that_is_not_there_waits_for_no_writer(
    responses: ResponseStore, other: Database
) -> None:
    async with other.transaction():
        assert await responses.claim("a", 60) is None


async def test_response_whose_holder_went_away_is_claimed_again(responses: ResponseStore) -> None:
    new = await queued(responses)
    assert await responses.claim("a", 0)

    again = await responses.claim("b", 60)

    assert again
    assert again.id == new.id
    assert await responses.keep(new.id, "a", 60) is None
    assert await responses.keep(new.id, "b", 60) == "in_progress"


async def test_kept_claim_does_not_end(responses: ResponseStore) -> None:
    new = await queued(responses)
    await responses.claim("a", 0)

    assert await responses.keep(new.id, "a", 60) == "in_progress"
    assert await responses.claim("b", 60) is None


async def test_holder_learns_of_a_cancel_and_of_a_deletion(responses: ResponseStore) -> None:
    new = await queued(responses)
    await responses.claim("a", 60)

    assert await responses.finish(new.id, "cancelled", {"status": "cancelled"})
    assert await responses.keep(new.id, "a", 60) == "cancelled"
    await responses.delete(OWNER, new.id)
    assert await responses.keep(new.id, "a", 60) is None


async def test_holder_that_lost_its_claim_changes_nothing(responses: ResponseStore) -> None:
    new = await queued(responses)
    await responses.claim("a", 0)
    await responses.claim("b", 60)

    assert not await responses.add_events(new.id, [(0, b"a")], holder="a")
    assert not await responses.finish(new.id, "completed", {"by": "a"}, holder="a")
    assert await responses.add_events(new.id, [(0, b"b")], holder="b")
    assert await responses.finish(new.id, "completed", {"by": "b"}, holder="b")
    assert await responses.events(OWNER, new.id) == [(0, b"b")]
    assert (await responses.get(OWNER, new.id)).body == {"by": "b"}


async def test_each_response_is_claimed_by_one_of_many_replicas(
    url: str, responses: ResponseStore
) -> None:
    new = {(await queued(responses)).id for _ in range(40)}

    replicas = [Replica(url, claim_all) for _ in range(4)]
    claimed = [name for replica in replicas for name in replica.rest()]

    assert sorted(claimed) == sorted(new)
    assert all(replica.process.exitcode == 0 for replica in replicas)
