"""Vector stores whose numbers stay true whatever several replicas do at once."""

import asyncio

import pytest

from serve_app.storage.chunks import Chunk
from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from serve_app.storage.vector_store_rows import NewFile, new_batch, new_store
from serve_app.storage.vector_stores import VectorStores
from wire.errors import InvalidRequestError
from wire.openai.vector_stores import as_static

OWNER = "one"
CHUNKING = as_static(None)
VECTOR = bytes(8)


async def make_store(database: Database, *file_ids: str) -> str:
    store = new_store(OWNER, {"name": "x", "expires_after": None})
    files = [
        StoredObject(file_id, "file", OWNER, {"id": file_id, "filename": f"{file_id}.txt"})
        for file_id in file_ids
    ]
    await ObjectStore(database).add(store, *files)
    return store.id


async def add(database: Database, store_id: str, *file_ids: str) -> list[StoredObject]:
    stores = VectorStores(database)
    found = await stores.files_of(OWNER, file_ids)
    files = [NewFile(file_id, CHUNKING, {"a": "\0é"}) for file_id in file_ids]
    async with database.transaction():
        return await stores.add(OWNER, store_id, files, found)


async def usage(database: Database, store_id: str) -> int:
    store = await VectorStores(database).get(OWNER, store_id)
    return (store.state or {})["usage_bytes"]


async def test_file_that_replicas_add_at_once_is_there_once(
    database: Database, other: Database
) -> None:
    store_id = await make_store(database, "file-a", "file-b")

    added = await asyncio.gather(
        *(add(one, store_id, "file-a", "file-b") for one in (database, other) * 5)
    )

    assert len({entry.id for entries in added for entry in entries}) == 2
    counts = await VectorStores(database).counts([store_id])
    assert counts == {store_id: {"in_progress": 2}}


async def test_bytes_are_right_when_replicas_fill_and_remove_at_once(
    database: Database, other: Database
) -> None:
    names = [f"file-{number}" for number in range(12)]
    store_id = await make_store(database, *names)
    entries = await add(database, store_id, *names)

    async def fill(place: int) -> None:
        one = (database, other)[place % 2]
        stores = VectorStores(one)
        async with one.transaction():
            num_bytes = await stores.fill(entries[place], [Chunk("x" * place, VECTOR)], 2)
            fields = {"usage_bytes": num_bytes}
            await stores.objects.merge(OWNER, "vector_store.file", entries[place].id, fields)
        if place % 3 == 0:
            await stores.remove(OWNER, store_id, names[place])

    await asyncio.gather(*map(fill, range(12)))

    left = [place for place in range(12) if place % 3]
    assert await usage(database, store_id) == sum(len(VECTOR) + place for place in left)
    rows = await VectorStores(other).chunks.get_of_documents(store_id, names)
    assert sorted(len(row.text) for row in rows) == left


async def test_vectors_of_another_length_are_refused_and_leave_nothing(database: Database) -> None:
    store_id = await make_store(database, "file-a", "file-b")
    one, two = await add(database, store_id, "file-a", "file-b")
    stores = VectorStores(database)
    await stores.fill(one, [Chunk("a", VECTOR)], 2)

    with pytest.raises(InvalidRequestError, match="Make a new store"):
        async with database.transaction():
            await stores.fill(two, [Chunk("b", VECTOR)], 1)

    assert await stores.chunks.get_of_documents(store_id, ["file-b"]) == []
    assert await usage(database, store_id) == 1 + len(VECTOR)


async def test_file_that_is_deleted_leaves_every_store_of_its_owner(database: Database) -> None:
    stores_of_it = [await make_store(database, "file-a", "file-b")]
    stores_of_it.append(await make_store(database))
    stores = VectorStores(database)
    for store_id in stores_of_it:
        for entry in await add(database, store_id, "file-a", "file-b"):
            await stores.fill(entry, [Chunk("a", VECTOR)], 2)

    await stores.forget_file(OWNER, "file-a")

    for store_id in stores_of_it:
        rows = await stores.chunks.get_of_documents(store_id, ["file-a", "file-b"])
        assert [row.document_id for row in rows] == ["file-b"]
        assert (await stores.counts([store_id]))[store_id] == {"in_progress": 1}


async def test_cancelled_batch_ends_what_is_not_read(database: Database) -> None:
    store_id = await make_store(database, "file-a", "file-b")
    await add(database, store_id, "file-a", "file-b")
    batch = new_batch(OWNER, store_id, ["file-a"])
    stores = VectorStores(database)
    await stores.objects.add(batch)

    await stores.cancel(batch)

    assert await stores.batch_counts(batch) == {"cancelled": 1}
    assert (await stores.counts([store_id]))[store_id] == {"cancelled": 1, "in_progress": 1}
    assert (await stores.file(OWNER, store_id, "file-a")).body["status"] == "cancelled"
    assert await stores.attributes(store_id) == {}
