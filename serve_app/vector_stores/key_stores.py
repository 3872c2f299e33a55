"""LocalAI's stores: texts by vector keys, with search for the nearest, on the vector stores' index.

A store exists from the first text that is set in it. Independent of HTTP.
"""

import asyncio
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy.exc import IntegrityError

from serve_app.storage.chunks import Chunk, ChunkRow, ChunkStore
from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from serve_app.vector_stores.index.indexes import Indexes
from wire.errors import InvalidRequestError, NotFoundError

KIND = "store"
NUM_EXTRA = 16
"""Candidates beyond the requested number: the index is less exact than the stored vectors."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A text, its vector, and the cosine of the angle to the requested vector."""

    key: list[float]
    value: str
    similarity: float


class KeyStores:
    """The stores of a database."""

    def __init__(self, database: Database, indexes: Indexes) -> None:
        self._database = database
        self._objects = ObjectStore(database)
        self._chunks = ChunkStore(database)
        self._indexes = indexes

    async def set(
        self, owner: str, name: str, keys: Sequence[Sequence[float]], values: Sequence[str]
    ) -> None:
        """Set the text of each key, in place of the previous one.

        Raises:
            InvalidRequestError: the store's keys have another length.
        """
        chunks = await asyncio.to_thread(_to_chunks, keys, values)
        store_id, length = _store_id(owner, name), len(keys[0])
        new = StoredObject(store_id, KIND, owner, {"name": name}, state={"dimensions": length})
        if await self._find_store(owner, name) is None:
            with suppress(IntegrityError):  # another request may have created it
                await self._objects.add(new)
        async with self._database.transaction():
            # The lock: no other request can set the first key now.
            store = await self._objects.change(owner, KIND, store_id, lambda stored: stored)
            # An empty store accepts keys of any length.
            if await self._chunks.first_vector(store_id) is None:
                await self._objects.change(owner, KIND, store_id, lambda _: new)
            else:
                _check_length(store, length, "keys")
            await self._chunks.replace(store_id, chunks)

    async def get(self, owner: str, name: str, keys: Sequence[Sequence[float]]) -> list[Neighbour]:
        """Return the texts of those keys that have one."""
        store = await self._find_store(owner, name)
        if store is None:
            return []
        vectors = await asyncio.to_thread(_pack_all, keys)
        rows = await self._chunks.get_of_documents(store.id, list(vectors))
        by_vector = {row.vector: row for row in rows}
        present = [by_vector[vector] for vector in vectors.values() if vector in by_vector]
        return await asyncio.to_thread(_to_neighbours, present, [1.0] * len(present))

    async def delete(self, owner: str, name: str, keys: Sequence[Sequence[float]]) -> None:
        """Delete the texts of keys."""
        store = await self._find_store(owner, name)
        if store is not None:
            empty = dict.fromkeys(await asyncio.to_thread(_pack_all, keys), ())
            await self._chunks.replace(store.id, empty)

    async def find(
        self, owner: str, name: str, key: Sequence[float], count: int
    ) -> list[Neighbour]:
        """Return the texts whose keys are nearest in direction, the nearest first.

        Raises:
            InvalidRequestError: the store's keys have another length.
        """
        store = await self._find_store(owner, name)
        if store is None:
            return []
        _check_length(store, len(key), "key")
        question = _pack(key)
        numbers = await self._indexes.nearest(store.id, question, count + NUM_EXTRA)
        rows = list((await self._chunks.get_by_numbers(numbers)).values())
        return await asyncio.to_thread(_rank, question, rows, count)

    async def _find_store(self, owner: str, name: str) -> StoredObject | None:
        try:
            return await self._objects.get(owner, KIND, _store_id(owner, name))
        except NotFoundError:
            return None


def _store_id(owner: str, name: str) -> str:
    return "store_" + sha256(f"{owner}/{name}".encode()).hexdigest()[:48]


def _document_id(vector: bytes) -> str:
    return "key_" + sha256(vector).hexdigest()[:48]


def _pack(key: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(key)}f", *(number + 0.0 for number in key))  # -0 is 0


def _pack_all(keys: Sequence[Sequence[float]]) -> dict[str, bytes]:
    """Return each key as a vector, by its document's id."""
    vectors = [_pack(key) for key in keys]
    return {_document_id(vector): vector for vector in vectors}


def _to_chunks(
    keys: Sequence[Sequence[float]], values: Sequence[str]
) -> dict[str, Sequence[Chunk]]:
    """Return the chunk of each key, by its document's id."""
    vectors = [_pack(key) for key in keys]
    pairs = zip(vectors, values, strict=True)
    return {_document_id(vector): (Chunk(value, vector),) for vector, value in pairs}


def _check_length(store: StoredObject, length: int, param: str) -> None:
    of_store = (store.state or {})["dimensions"]
    if length != of_store:
        raise InvalidRequestError(
            f"Invalid '{param}': the keys of this store have {of_store} numbers, received "
            f"{length}.",
            param,
        )


def _rank(question: bytes, rows: list[ChunkRow], count: int) -> list[Neighbour]:
    from serve_app.vector_stores.index.usearch_index import similarities

    cosines = similarities(question, [row.vector for row in rows])
    pairs = sorted(zip(cosines, rows, strict=True), key=lambda pair: -pair[0])[:count]
    return _to_neighbours([row for _, row in pairs], [cosine for cosine, _ in pairs])


def _to_neighbours(rows: list[ChunkRow], cosines: list[float]) -> list[Neighbour]:
    # Imported at its first use, in a thread, as the index itself is.
    from serve_app.vector_stores.index.usearch_index import numbers

    return [
        Neighbour(numbers(row.vector), row.text, max(-1.0, min(1.0, cosine)))
        for row, cosine in zip(rows, cosines, strict=True)
    ]
