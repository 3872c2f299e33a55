"""Chunks and the index over them: what another replica writes is found, and nothing else."""

import asyncio
import secrets
from collections.abc import Sequence

import numpy as np
import pytest

from serve_app.storage.chunks import Chunk, ChunkStore
from serve_app.storage.database import Database
from serve_app.storage.objects import ObjectStore
from serve_app.storage.vector_store_rows import STORE, new_store
from serve_app.vector_stores.index.indexes import Indexes
from wire.errors import NotFoundError

OWNER = "one"
LENGTH = 16
PLENTY = 2**30


def vectors(count: int, seed: int = 0) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
    return np.random.default_rng(seed).standard_normal((count, LENGTH)).astype(np.float32)


def chunks(rows: Sequence[np.ndarray[tuple[int], np.dtype[np.float32]]]) -> list[Chunk]:
    return [Chunk(f"text {place}", row.tobytes()) for place, row in enumerate(rows)]


async def make_store(database: Database) -> str:
    store = new_store(OWNER, {"name": "x", "expires_after": None})
    await ObjectStore(database).add(store)
    return store.id


async def texts(
    store: ChunkStore,
    indexes: Indexes,
    store_id: str,
    question: bytes,
    count: int = 3,
    documents: list[str] | None = None,
) -> list[str]:
    numbers = await indexes.nearest(store_id, question, count, documents)
    rows = await store.get_by_numbers(numbers)
    return [f"{rows[each].document_id} {rows[each].text}" for each in numbers]


async def test_nearest_chunks_are_those_that_numpy_finds(database: Database) -> None:
    store, store_id = ChunkStore(database), await make_store(database)
    indexes, rows = Indexes(store, PLENTY), vectors(3000)
    await store.replace(store_id, {"a": chunks(list(rows))})
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    for question in vectors(20, seed=1):
        found = await texts(store, indexes, store_id, question.tobytes(), 10)

        exact = np.argsort(-(unit @ question))[:10]
        assert len({f"a text {place}" for place in exact} & {*found}) >= 9
        assert found[0] == f"a text {exact[0]}"


async def test_what_another_replica_adds_replaces_and_removes_is_seen_at_once(
    database: Database, other: Database
) -> None:
    store_id = await make_store(database)
    here, there = ChunkStore(database), ChunkStore(other)
    indexes, (one, two, three) = Indexes(here, PLENTY), vectors(3)
    await here.replace(store_id, {"a": chunks([one]), "b": chunks([two])})
    question = one.tobytes()
    assert (await texts(here, indexes, store_id, question))[0] == "a text 0"

    await there.replace(store_id, {"c": chunks([three, one])})
    assert {*await texts(here, indexes, store_id, question, 2)} == {"a text 0", "c text 1"}
    await there.replace(store_id, {"a": chunks([two])})
    assert (await texts(here, indexes, store_id, question))[0] == "c text 1"
    await there.replace(store_id, {"c": (), "b": ()})
    assert await texts(here, indexes, store_id, question) == ["a text 0"]
    assert await texts(there, Indexes(there, PLENTY), store_id, question) == ["a text 0"]


async def test_only_the_documents_that_are_named_are_searched(database: Database) -> None:
    store, store_id = ChunkStore(database), await make_store(database)
    indexes, rows = Indexes(store, PLENTY), vectors(100)
    await store.replace(store_id, {f"d{place}": chunks([row]) for place, row in enumerate(rows)})
    question = rows[7].tobytes()

    assert await texts(store, indexes, store_id, question, 1) == ["d7 text 0"]
    some = await texts(store, indexes, store_id, question, 5, ["d1", "d2", "unknown"])
    assert {*some} == {"d1 text 0", "d2 text 0"}
    assert await texts(store, indexes, store_id, question, 5, []) == []


async def test_chunk_of_several_vectors_is_found_once_by_the_best_of_them(
    database: Database,
) -> None:
    store, store_id = ChunkStore(database), await make_store(database)
    rows = vectors(30)
    long = [
        Chunk(f"long {place}", rows[place * 10 : place * 10 + 10].tobytes()) for place in (0, 1, 2)
    ]
    await store.replace(store_id, {"a": long})

    found = await texts(store, Indexes(store, PLENTY), store_id, rows[15].tobytes(), 3)

    assert found[0] == "a long 1"
    assert sorted(found) == ["a long 0", "a long 1", "a long 2"]


async def test_store_that_does_not_fit_into_memory_is_searched_all_the_same(
    database: Database,
) -> None:
    store, store_id = ChunkStore(database), await make_store(database)
    indexes, rows = Indexes(store, max_bytes=1000), vectors(2500)
    await store.replace(store_id, {"a": chunks(list(rows))})

    for place in (0, 1200, 2499):
        found = await texts(store, indexes, store_id, rows[place].tobytes(), 1)
        assert f"a text {place}" in found


async def test_concurrent_searches_and_additions_miss_nothing(
    database: Database, other: Database
) -> None:
    store_id = await make_store(database)
    here, there = ChunkStore(database), ChunkStore(other)
    indexes, rows = Indexes(here, PLENTY), vectors(24)

    async def add(place: int) -> None:
        writer = here if place % 2 else there
        await writer.replace(store_id, {f"d{place}": chunks([rows[place]])})
        found = await texts(here, indexes, store_id, rows[place].tobytes(), 1)
        assert found == [f"d{place} text 0"]

    await asyncio.gather(*map(add, range(24)))


async def test_texts_come_back_as_they_were_in_their_order(database: Database) -> None:
    store, store_id = ChunkStore(database), await make_store(database)
    said = ["é\0😀\\", "", "b", "a"]
    zero = bytes(4 * LENGTH)
    await store.replace(store_id, {"a": [Chunk(text, zero) for text in said]})

    assert [row.text for row in await store.get_of_documents(store_id, ["a"])] == said
    assert len(await Indexes(store, PLENTY).nearest(store_id, zero, 10)) == 4


async def test_deleted_store_takes_no_chunks_and_has_none(database: Database) -> None:
    store, store_id = ChunkStore(database), await make_store(database)
    await store.replace(store_id, {"a": chunks(list(vectors(1)))})

    await ObjectStore(database).delete(OWNER, STORE, store_id)

    assert await store.get_of_documents(store_id, ["a"]) == []
    with pytest.raises(NotFoundError):
        await store.replace(store_id, {"a": chunks(list(vectors(1)))})


async def test_large_numbers_and_stores_of_the_same_document_do_not_mix(
    database: Database,
) -> None:
    store, one, two = ChunkStore(database), await make_store(database), await make_store(database)
    large = (vectors(2) * 1e30).astype(np.float32)
    document = secrets.token_hex(4)
    await store.replace(one, {document: chunks([large[0]])})
    await store.replace(two, {document: chunks([large[1]])})

    found = await texts(store, Indexes(store, PLENTY), one, large[1].tobytes())

    assert found == [f"{document} text 0"]
