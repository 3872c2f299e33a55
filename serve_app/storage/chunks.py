"""Texts and their vectors, in stores: those of vector stores, and LocalAI's stores.

The table is the log of its own changes: rows are only added and removed, never changed, and where a
document's rows are removed a row without a vector says so. An index that has read up to a number
is brought up to date by what has a larger one. Knows nothing of what a vector means.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import time

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from serve_app.storage.database import Database
from serve_app.storage.tables import CHUNKS, OBJECTS
from wire.errors import NotFoundError

ROWS_AT_ONCE = 1000
"""Of one statement, and between two looks at what else the event loop has to do."""
REMOVALS_KEPT_S = 24 * 3600
"""How long it is known that rows were removed. An index that is older begins anew."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a document."""

    text: str
    vector: bytes
    """float32, little-endian; several vectors one after the other, each of a part of the text."""


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A chunk as it is stored."""

    number: int
    document_id: str
    position: int
    text: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A row as an index reads it; without a vector, what the document had before is gone."""

    number: int
    document_id: str
    vector: bytes | None


class ChunkStore:
    """The chunks of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, store_id: str, documents: Mapping[str, Sequence[Chunk]]) -> None:
        """Put chunks in place of all that the documents had; none where there are none.

        Raises:
            NotFoundError: the store is gone.
        """
        now = int(time())
        async with self._database.writing() as connection:
            await _lock(connection, store_id)
            await self._remove(connection, store_id, list(documents), now)
            rows = [
                {
                    "store_id": store_id,
                    "document_id": document_id,
                    "position": position,
                    "text": chunk.text.encode(),
                    "vector": chunk.vector,
                    "created_at": now,
                }
                for document_id, chunks in documents.items()
                for position, chunk in enumerate(chunks)
            ]
            for start in range(0, len(rows), ROWS_AT_ONCE):
                await connection.execute(insert(CHUNKS), rows[start : start + ROWS_AT_ONCE])

    async def since(self, store_id: str, number: int) -> list[VectorRow]:
        """Return what has been written after the row with a number; the next part of it."""
        query = (
            select(CHUNKS.c.number, CHUNKS.c.document_id, CHUNKS.c.vector)
            .where(CHUNKS.c.store_id == store_id, CHUNKS.c.number > number)
            .order_by(CHUNKS.c.number)
            .limit(ROWS_AT_ONCE)
        )
        async with self._database.reading() as connection:
            return [VectorRow(*row) for row in (await connection.execute(query)).all()]

    async def numbered(self, numbers: Sequence[int]) -> dict[int, ChunkRow]:
        """Return those of the chunks that are still there, by their numbers."""
        query = select(*_COLUMNS).where(CHUNKS.c.number.in_(numbers))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {row.number: _row(*row) for row in rows}

    async def of(self, store_id: str, document_ids: Sequence[str]) -> list[ChunkRow]:
        """Return the chunks of documents, each document's in their order."""
        found = list[ChunkRow]()
        async with self._database.reading() as connection:
            for start in range(0, len(document_ids), ROWS_AT_ONCE):
                query = (
                    select(*_COLUMNS)
                    .where(CHUNKS.c.store_id == store_id, CHUNKS.c.vector.is_not(None))
                    .where(CHUNKS.c.document_id.in_(document_ids[start : start + ROWS_AT_ONCE]))
                    .order_by(CHUNKS.c.document_id, CHUNKS.c.position)
                )
                found += [_row(*row) for row in (await connection.execute(query)).all()]
        return found

    async def first_vector(self, store_id: str) -> bytes | None:
        """Return one of a store's vectors, which all have the same length."""
        query = select(CHUNKS.c.vector).where(
            CHUNKS.c.store_id == store_id, CHUNKS.c.vector.is_not(None)
        )
        async with self._database.reading() as connection:
            return (await connection.execute(query.limit(1))).scalar_one_or_none()

    async def _remove(
        self, connection: AsyncConnection, store_id: str, document_ids: list[str], now: int
    ) -> None:
        """Remove rows, and say so to those who have read them."""
        here = CHUNKS.c.store_id == store_id
        removal = CHUNKS.c.vector.is_(None)
        await connection.execute(
            delete(CHUNKS).where(here, removal, CHUNKS.c.created_at < now - REMOVALS_KEPT_S)
        )
        for start in range(0, len(document_ids), ROWS_AT_ONCE):
            these = CHUNKS.c.document_id.in_(document_ids[start : start + ROWS_AT_ONCE])
            removed = select(CHUNKS.c.document_id).where(here, these, ~removal).distinct()
            gone = (await connection.execute(removed)).scalars().all()
            if not gone:
                continue
            await connection.execute(
                delete(CHUNKS).where(here, CHUNKS.c.document_id.in_(list(gone)))
            )
            signs = [
                {"store_id": store_id, "document_id": each, "position": -1, "created_at": now}
                for each in gone
            ]
            await connection.execute(insert(CHUNKS), signs)


_COLUMNS = (
    CHUNKS.c.number,
    CHUNKS.c.document_id,
    CHUNKS.c.position,
    CHUNKS.c.text,
    CHUNKS.c.vector,
)


def _row(number: int, document_id: str, position: int, text: bytes, vector: bytes) -> ChunkRow:
    return ChunkRow(number, document_id, position, text.decode(), vector)


async def _lock(connection: AsyncConnection, store_id: str) -> None:
    """Let one at a time write to a store, or numbers would not be in the order of commits."""
    query = select(OBJECTS.c.id).where(OBJECTS.c.id == store_id).with_for_update()
    if (await connection.execute(query)).first() is None:
        raise NotFoundError("The store has been deleted.")
