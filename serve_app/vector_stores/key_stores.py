"""LocalAI's stores: texts at vectors, found by their neighbours, on the index of vector stores.

A store is there as soon as something is put into it. Knows nothing of HTTP.
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
SPARE = 16
"""Candidates beyond those that are wanted: the index is less exact than what is kept."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A text, its vector, and the cosine of the angle to the one that was asked for."""

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
        """Put a text at each key, in place of what was there.

        Raises:
            InvalidRequestError: the store's keys have another length.
        """
        chunks: dict[str, Sequence[Chunk]] = {}
        for key, value in zip(keys, values, strict=True):
            vector = _packed(key)
            chunks[_document(vector)] = (Chunk(value, vector),)
        store_id, length = _store_id(owner, name), len(keys[0])
        new = StoredObject(store_id, KIND, owner, {"name": name}, state={"dimensions": length})
        if await self._found(owner, name) is None:
            with suppress(IntegrityError):  # another may make it meanwhile
                await self._objects.add(new)
        async with self._database.transaction():
            # Locks it: nobody else puts the first key into it now.
            store = await self._objects.change(owner, KIND, store_id, lambda stored: stored)
            if await self._chunks.first_vector(store_id) is None:  # empty, it takes any length
                await self._objects.change(owner, KIND, store_id, lambda _: new)
            else:
                _check_length(store, length, "keys")
            await self._chunks.replace(store_id, chunks)

    async def get(self, owner: str, name: str, keys: Sequence[Sequence[float]]) -> list[Neighbour]:
        """Return the texts at keys, of those keys that have one."""
        store = await self._found(owner, name)
        if store is None:
            return []
        vectors = [_packed(key) for key in keys]
        rows = await self._chunks.get_of_documents(
            store.id, [_document(vector) for vector in vectors]
        )
        by_vector = {row.vector: row for row in rows}
        there = [by_vector[vector] for vector in dict.fromkeys(vectors) if vector in by_vector]
        return await asyncio.to_thread(_shown, there, [1.0] * len(there))

    async def delete(self, owner: str, name: str, keys: Sequence[Sequence[float]]) -> None:
        """Forget the texts at keys."""
        store = await self._found(owner, name)
        if store is not None:
            gone = {_document(_packed(key)): () for key in keys}
            await self._chunks.replace(store.id, gone)

    async def find(
        self, owner: str, name: str, key: Sequence[float], count: int
    ) -> list[Neighbour]:
        """Return the texts whose keys are nearest in direction, the nearest first.

        Raises:
            InvalidRequestError: the store's keys have another length.
        """
        store = await self._found(owner, name)
        if store is None:
            return []
        _check_length(store, len(key), "key")
        question = _packed(key)
        numbers = await self._indexes.nearest(store.id, question, count + SPARE)
        rows = list((await self._chunks.get_by_numbers(numbers)).values())
        return await asyncio.to_thread(_nearest, question, rows, count)

    async def _found(self, owner: str, name: str) -> StoredObject | None:
        try:
            return await self._objects.get(owner, KIND, _store_id(owner, name))
        except NotFoundError:
            return None


def _store_id(owner: str, name: str) -> str:
    return "store_" + sha256(f"{owner}/{name}".encode()).hexdigest()[:48]


def _document(vector: bytes) -> str:
    return "key_" + sha256(vector).hexdigest()[:48]


def _packed(key: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(key)}f", *(number + 0.0 for number in key))  # -0 is 0


def _check_length(store: StoredObject, length: int, param: str) -> None:
    of_store = (store.state or {})["dimensions"]
    if length != of_store:
        raise InvalidRequestError(
            f"Invalid '{param}': the keys of this store have {of_store} numbers, received "
            f"{length}.",
            param,
        )


def _nearest(question: bytes, rows: list[ChunkRow], count: int) -> list[Neighbour]:
    from serve_app.vector_stores.index.usearch_index import similarities

    cosines = similarities(question, [row.vector for row in rows])
    pairs = sorted(zip(cosines, rows, strict=True), key=lambda pair: -pair[0])[:count]
    return _shown([row for _, row in pairs], [cosine for cosine, _ in pairs])


def _shown(rows: list[ChunkRow], cosines: list[float]) -> list[Neighbour]:
    # Imported where it is needed first, in a thread, as the index itself is.
    from serve_app.vector_stores.index.usearch_index import numbers

    return [
        Neighbour(numbers(row.vector), row.text, max(-1.0, min(1.0, cosine)))
        for row, cosine in zip(rows, cosines, strict=True)
    ]
