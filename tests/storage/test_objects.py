import asyncio
from dataclasses import replace
from typing import Any

import pytest

from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor, ObjectStore
from tests.storage.stored import OWNER
from wire.errors import InvalidRequestError, NotFoundError
from wire.ids import new_id

KIND = "thread"


@pytest.fixture
def objects(database: Database) -> ObjectStore:
    return ObjectStore(database)


def new(parent: StoredObject | None = None, kind: str = KIND, **fields: Any) -> StoredObject:
    name = new_id("x")
    parent_id = parent.id if parent else None
    body = fields.pop("body", {"id": name})
    return StoredObject(name, kind, fields.pop("owner", OWNER), body, parent_id, **fields)


async def many(objects: ObjectStore, number: int, **fields: Any) -> list[StoredObject]:
    made = [new(**fields) for _ in range(number)]
    await objects.add(*made)
    return made


async def test_object_is_kept_as_it_is(objects: ObjectStore, other: Database) -> None:
    body = {"text": "é\0😀\\", "n": 2**70, "none": None, "list": [1.5, {}]}
    one = new(body=body, status="queued", state={"a": [1]}, expires_at=2**33)

    await objects.add(one)

    assert await ObjectStore(other).get(OWNER, KIND, one.id) == one


async def test_of_objects_that_are_added_together_all_are_kept_or_none(
    objects: ObjectStore,
) -> None:
    one, orphan = new(), new(replace(new(), id="nowhere"))

    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await objects.add(one, orphan)

    assert await objects.find(OWNER, KIND, [one.id]) == {}


@pytest.mark.parametrize("name", ["", "nobody", "x" * 81, "a b", "a\0", "../x", "'; --"])
async def test_unknown_object_is_not_found(objects: ObjectStore, name: str) -> None:
    with pytest.raises(NotFoundError):
        await objects.get(OWNER, KIND, name)
    with pytest.raises(NotFoundError):
        await objects.merge(OWNER, KIND, name, {})
    with pytest.raises(NotFoundError):
        await objects.delete(OWNER, KIND, name)
    assert await objects.find(OWNER, KIND, [name]) == {}


async def test_object_of_another_owner_kind_or_parent_is_not_there(objects: ObjectStore) -> None:
    parent, sibling = await many(objects, 2)
    mine = new(parent, "thread.message")
    await objects.add(mine)

    for owner, kind, parent_id in (
        ("two", "thread.message", parent.id),
        (OWNER, KIND, parent.id),
        (OWNER, "thread.message", sibling.id),
    ):
        with pytest.raises(NotFoundError):
            await objects.get(owner, kind, mine.id, parent_id)
        with pytest.raises(NotFoundError):
            await objects.merge(owner, kind, mine.id, {"a": 1}, parent_id)
        with pytest.raises(NotFoundError):
            await objects.delete(owner, kind, mine.id, parent_id)
    with pytest.raises(NotFoundError):
        await objects.lock("two", KIND, parent.id)
    assert await objects.find("two", "thread.message", [mine.id]) == {}
    assert (await objects.page("two", "thread.message", Cursor()))[0] == []
    assert await objects.all("two", "thread.message", parent.id) == []
    assert await objects.count("two", "thread.message", parent.id) == {}
    assert await objects.get(OWNER, "thread.message", mine.id, parent.id) == mine


async def test_found_are_those_that_are_there(objects: ObjectStore) -> None:
    one, two = await many(objects, 2)

    assert await objects.find(OWNER, KIND, [two.id, "no", one.id, "?"]) == {
        one.id: one,
        two.id: two,
    }
    assert await objects.find(OWNER, KIND, []) == {}


@pytest.mark.parametrize(
    ("order", "after", "before", "limit", "wanted", "has_more"),
    [
        ("asc", None, None, 3, [0, 1, 2], True),
        ("asc", None, None, 10, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], False),
        ("desc", None, None, 3, [9, 8, 7], True),
        ("asc", 3, None, 2, [4, 5], True),
        ("asc", 7, None, 2, [8, 9], False),
        ("asc", 9, None, 2, [], False),
        ("desc", 3, None, 2, [2, 1], True),
        ("desc", 2, None, 2, [1, 0], False),
        ("asc", None, 5, 2, [3, 4], True),
        ("asc", None, 2, 2, [0, 1], False),
        ("desc", None, 5, 2, [7, 6], True),
        ("desc", None, 7, 2, [9, 8], False),
        ("asc", 2, 6, 2, [3, 4], True),
        ("asc", 2, 6, 9, [3, 4, 5], False),
        ("desc", 6, 2, 9, [5, 4, 3], False),
        ("asc", 6, 2, 9, [], False),
    ],
)
async def test_page_is_the_part_that_is_wanted(
    objects: ObjectStore,
    order: Any,
    after: int | None,
    before: int | None,
    limit: int,
    wanted: list[int],
    has_more: bool,
) -> None:
    made = await many(objects, 10, created_at=1)  # of one second
    await many(objects, 2, owner="two")
    cursor = Cursor(
        limit,
        order,
        after=None if after is None else made[after].id,
        before=None if before is None else made[before].id,
    )

    assert await objects.page(OWNER, KIND, cursor) == ([made[n] for n in wanted], has_more)


async def test_page_of_a_parent_has_only_its_own(objects: ObjectStore) -> None:
    one, two = await many(objects, 2)
    mine, others = new(one, "thread.message"), new(two, "thread.message")
    await objects.add(mine, others)

    assert await objects.page(OWNER, "thread.message", Cursor(), one.id) == ([mine], False)
    for field in ("after", "before"):
        with pytest.raises(InvalidRequestError, match=f"'{field}'"):
            await objects.page(
                OWNER, "thread.message", replace(Cursor(), **{field: others.id}), one.id
            )


@pytest.mark.parametrize("name", ["gone", "", "a b", "\0"])
async def test_page_beside_an_unknown_object_is_refused(objects: ObjectStore, name: str) -> None:
    with pytest.raises(InvalidRequestError):
        await objects.page(OWNER, KIND, Cursor(after=name))


async def test_counts_and_lists_go_by_status(objects: ObjectStore) -> None:
    (parent,) = await many(objects, 1)
    runs = [new(parent, "thread.run", status=status) for status in ("queued", "queued", "failed")]
    await objects.add(*runs)

    assert await objects.count(OWNER, "thread.run", parent.id) == {"queued": 2, "failed": 1}
    assert await objects.all(OWNER, "thread.run", parent.id) == runs
    assert await objects.all(OWNER, "thread.run", parent.id, ("failed",)) == runs[2:]


async def test_changes_of_many_replicas_are_all_kept(objects: ObjectStore, other: Database) -> None:
    one = new(body={"n": 0})
    await objects.add(one)

    def more(stored: StoredObject) -> StoredObject:
        return replace(stored, body={"n": stored.body["n"] + 1})

    stores = (objects, ObjectStore(other))
    await asyncio.gather(*(store.change(OWNER, KIND, one.id, more) for store in stores * 25))

    assert (await objects.get(OWNER, KIND, one.id)).body == {"n": 50}


async def test_merges_of_other_fields_do_not_undo_each_other(
    objects: ObjectStore, other: Database
) -> None:
    one = new()
    await objects.add(one)

    stores = (objects, ObjectStore(other))
    await asyncio.gather(
        *(stores[n % 2].merge(OWNER, KIND, one.id, {f"f{n}": n}) for n in range(20))
    )

    kept = await objects.get(OWNER, KIND, one.id)
    assert kept.body == {"id": one.id, **{f"f{n}": n for n in range(20)}}


async def test_change_that_raises_changes_nothing(objects: ObjectStore) -> None:
    one = new()
    await objects.add(one)

    def refuse(_: StoredObject) -> StoredObject:
        raise InvalidRequestError("No.")

    with pytest.raises(InvalidRequestError):
        await objects.change(OWNER, KIND, one.id, refuse)
    assert await objects.get(OWNER, KIND, one.id) == one


async def test_put_replaces_what_is_there_and_brings_nothing_back(objects: ObjectStore) -> None:
    one, gone = await many(objects, 2)
    await objects.delete(OWNER, KIND, gone.id)
    changed = replace(one, body={"b": 2}, status="failed")

    await objects.put(changed, gone)

    assert await objects.find(OWNER, KIND, [one.id, gone.id]) == {one.id: changed}


async def test_what_belongs_to_an_object_ends_with_it(objects: ObjectStore) -> None:
    (thread,) = await many(objects, 1)
    run = new(thread, "thread.run")
    step = new(run, "thread.run.step")
    await objects.add(run, step)

    assert await objects.delete(OWNER, KIND, thread.id) == thread

    for each in (thread, run, step):
        assert await objects.find(OWNER, each.kind, [each.id]) == {}


async def test_locked_parent_takes_children_of_one_after_the_other(
    database: Database, other: Database
) -> None:
    one, two = ObjectStore(database), ObjectStore(other)
    (thread,) = await many(one, 1)

    async def add_the_only(database: Database, objects: ObjectStore) -> bool:
        async with database.transaction():
            await objects.lock(OWNER, KIND, thread.id)
            if await objects.all(OWNER, "thread.run", thread.id):
                return False
            await objects.add(new(thread, "thread.run"))
            return True

    stores = ((database, one), (other, two))
    added = await asyncio.gather(*(add_the_only(*each) for each in stores * 10))

    assert sum(added) == 1


async def test_expired_object_is_found_only_by_who_tidies_up(objects: ObjectStore) -> None:
    gone, later, stays = new(expires_at=1), new(expires_at=2**33), new()
    await objects.add(gone, later, stays)

    with pytest.raises(NotFoundError):
        await objects.get(OWNER, KIND, gone.id)
    with pytest.raises(NotFoundError):
        await objects.merge(OWNER, KIND, gone.id, {"a": 1})
    with pytest.raises(InvalidRequestError):
        await objects.page(OWNER, KIND, Cursor(after=gone.id))
    assert (await objects.page(OWNER, KIND, Cursor(order="asc")))[0] == [later, stays]
    assert await objects.find_expired(KIND) == [gone]
    assert await objects.find_expired("file") == []
    await objects.remove(gone.id)
    await objects.remove(gone.id)
    assert await objects.find_expired(KIND) == []


async def test_number_of_what_was_deleted_is_not_given_again(objects: ObjectStore) -> None:
    first, last = await many(objects, 2)
    page, _ = await objects.page(OWNER, KIND, Cursor(order="asc", limit=1))
    await objects.delete(OWNER, KIND, last.id)

    (new_last,) = await many(objects, 1)

    assert page == [first]
    assert (await objects.page(OWNER, KIND, Cursor(order="asc")))[0] == [first, new_last]
