import asyncio
import time
from collections.abc import Awaitable

import pytest
from sqlalchemy import select

from serve_app.storage import responses as module
from serve_app.storage.database import Database
from serve_app.storage.responses import ResponseStore, StoredResponse
from tests.storage.stored import OWNER, response
from wire.errors import InvalidRequestError, NotFoundError
from wire.ids import new_id


async def add_responses(
    store: ResponseStore, count: int, lives_s: int = 1000
) -> list[StoredResponse]:
    """Return stored responses, each after the one before."""
    chain: list[StoredResponse] = []
    for _ in range(count):
        chain.append(response(after=chain[-1] if chain else None, lives_s=lives_s))
        await store.add(chain[-1])
    return chain


async def test_response_is_read_as_it_was_added(responses: ResponseStore, other: Database) -> None:
    new = response(background=True, status="queued")
    await responses.add(new)

    found = await ResponseStore(other).get(OWNER, new.id)

    assert found == new
    assert list(found.body) == list(new.body)


@pytest.mark.parametrize(
    "name", ["resp_" + 48 * "0", "", "resp_\0", "é", "x" * 5000, "' OR 1=1 --"]
)
async def test_unknown_id_is_not_found(responses: ResponseStore, name: str) -> None:
    for ask in (responses.get, responses.chain, responses.events, responses.delete):
        with pytest.raises(NotFoundError, match=r"^Response with id .* not found\.$"):
            await ask(OWNER, name)


async def test_not_found_is_said_in_openais_words(responses: ResponseStore) -> None:
    with pytest.raises(NotFoundError) as raised:
        await responses.get(OWNER, "resp_1")

    assert raised.value.message == "Response with id 'resp_1' not found."


async def test_response_of_another_owner_is_not_found(responses: ResponseStore) -> None:
    new = response()
    await responses.add(new)

    for ask in (responses.get, responses.chain, responses.events, responses.delete):
        with pytest.raises(NotFoundError):
            await ask("two", new.id)
    assert await responses.get(OWNER, new.id) == new


async def test_deleted_response_is_gone_with_its_events(responses: ResponseStore) -> None:
    new = response(status="in_progress")
    await responses.add(new)
    assert await responses.add_events(new.id, [(0, b"x")])

    await responses.delete(OWNER, new.id)

    with pytest.raises(NotFoundError):
        await responses.get(OWNER, new.id)
    assert not await responses.add_events(new.id, [(1, b"y")])
    assert not await responses.finish(new.id, "completed", {})


async def test_chain_goes_from_the_first_to_the_asked(responses: ResponseStore) -> None:
    chain = await add_responses(responses, 5)

    assert await responses.chain(OWNER, chain[0].id) == chain[:1]
    assert await responses.chain(OWNER, chain[3].id) == chain[:4]


async def test_chain_whose_middle_is_gone_names_it(responses: ResponseStore) -> None:
    chain = await add_responses(responses, 4)
    await responses.delete(OWNER, chain[1].id)

    with pytest.raises(NotFoundError, match=chain[1].id):
        await responses.chain(OWNER, chain[3].id)


async def test_chain_does_not_lead_to_another_owner(responses: ResponseStore) -> None:
    foreign = response(owner="two")
    mine = response(after=foreign)
    await responses.add(foreign)
    await responses.add(mine)

    with pytest.raises(NotFoundError, match=foreign.id):
        await responses.chain(OWNER, mine.id)


async def test_chain_that_is_too_long_is_refused(
    responses: ResponseStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_RESPONSE_CHAIN", 3)
    chain = await add_responses(responses, 5)

    assert await responses.chain(OWNER, chain[3].id) == chain[:4]
    with pytest.raises(InvalidRequestError, match="follows 3 others or more"):
        await responses.chain(OWNER, chain[4].id)


async def test_expired_response_is_found_only_by_those_that_follow_it(
    responses: ResponseStore,
) -> None:
    old = response(lives_s=-1)
    new = response(after=old)
    await responses.add(old)
    await responses.add(new)

    await responses.sweep()

    with pytest.raises(NotFoundError):
        await responses.get(OWNER, old.id)
    assert await responses.chain(OWNER, new.id) == [old, new]


async def test_sweep_deletes_expired_chains_whole(responses: ResponseStore) -> None:
    await add_responses(responses, 3, lives_s=-1)
    kept = await add_responses(responses, 2)

    assert await responses.sweep() == 3
    assert await responses.sweep() == 0
    assert await responses.chain(OWNER, kept[1].id) == kept


async def test_of_a_cancel_and_a_completion_one_wins(
    responses: ResponseStore, other: Database
) -> None:
    elsewhere = ResponseStore(other)
    for _ in range(10):
        new = response(status="in_progress")
        await responses.add(new)

        ends: list[Awaitable[bool]] = [
            responses.finish(new.id, "completed", {"status": "completed"}),
            elsewhere.finish(new.id, "cancelled", {"status": "cancelled"}),
        ]
        completed, cancelled = await asyncio.gather(*ends)

        assert completed != cancelled
        found = await responses.get(OWNER, new.id)
        assert found.status == found.body["status"] == ("completed" if completed else "cancelled")


async def test_finished_response_does_not_change_any_more(responses: ResponseStore) -> None:
    new = response(status="in_progress")
    await responses.add(new)
    assert await responses.finish(new.id, "completed", {"a": 1}, events=[(0, b"end")])

    assert not await responses.finish(new.id, "failed", {}, events=[(1, b"more")])
    assert not await responses.add_events(new.id, [(1, b"more")])
    assert (await responses.get(OWNER, new.id)).body == {"a": 1}
    assert await responses.events(OWNER, new.id) == [(0, b"end")]


async def test_events_are_read_in_order_from_any_number(responses: ResponseStore) -> None:
    new = response(status="in_progress")
    await responses.add(new)
    await responses.add_events(new.id, [(2, b"two"), (3, bytes(range(256)))])
    await responses.add_events(new.id, [(10, b"ten")])
    await responses.add_events(new.id, [])

    assert await responses.events(OWNER, new.id) == [
        (2, b"two"),
        (3, bytes(range(256))),
        (10, b"ten"),
    ]
    assert await responses.events(OWNER, new.id, after=3) == [(10, b"ten")]
    assert await responses.events(OWNER, new.id, after=10) == []


async def test_ids_are_random_and_look_like_openais() -> None:
    ids = {new_id("resp") for _ in range(50)}

    assert len(ids) == 50
    assert all(name.startswith("resp_") and len(name) == 53 for name in ids)


async def test_clock_is_the_time(database: Database) -> None:
    async with database.reading() as connection:
        now = (await connection.execute(select(database.now()))).scalar_one()
    assert abs(now - time.time()) < 60
