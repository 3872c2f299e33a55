"""Texts and their vectors, of vector stores and of LocalAI's stores.

The table is the log of its own changes: rows are added and removed, never changed, and a row
without a vector marks the removal of a document's rows. An index that has read up to a number is
updated from the rows with larger ones.
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
"""Rows of one statement, between which the event loop runs other tasks."""
REMOVALS_KEPT_S = 24 * 3600
"""How long marks of removals are kept. An older index is built again."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a document."""

    text: str
    vector: bytes
    """float32, little-endian: the vectors of all parts of the text, concatenated."""


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
    """A row for an index; without a vector, it removes the document's earlier rows."""

    number: int
    document_id: str
    vector: bytes | None


class ChunkStore:
    """The chunks of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replace(self, store_id: str, documents: Mapping[str, Sequence[Chunk]]) -> None:
        """Replace all chunks of documents; without chunks, remove them.

        Raises:
            NotFoundError: the store has been deleted.
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

    async def read_since(self, store_id: str, number: int) -> list[VectorRow]:
        """Return the next rows after the one with a number."""
        query = (
            select(CHUNKS.c.number, CHUNKS.c.document_id, CHUNKS.c.vector)
            .where(CHUNKS.c.store_id == store_id, CHUNKS.c.number > number)
            .order_by(CHUNKS.c.number)
            .limit(ROWS_AT_ONCE)
        )
        async with self._database.reading() as connection:
            return [VectorRow(*row) for row in (await connection.execute(query)).all()]

    async def get_by_numbers(self, numbers: Sequence[int]) -> dict[int, ChunkRow]:
        """Return the chunks with these numbers that still exist, by number."""
        query = select(*_COLUMNS).where(CHUNKS.c.number.in_(numbers))
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        return {row.number: _row(*row) for row in rows}

    async def get_of_documents(self, store_id: str, document_ids: Sequence[str]) -> list[ChunkRow]:
        """Return the chunks of documents, in order within each document."""
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
        """Remove rows, and mark the removal for indexes that have read them."""
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
            marks = [
                {"store_id": store_id, "document_id": each, "position": -1, "created_at": now}
                for each in gone
            ]
            await connection.execute(insert(CHUNKS), marks)


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
    """Lock a store, so that numbers are in the order of commits."""
    query = select(OBJECTS.c.id).where(OBJECTS.c.id == store_id).with_for_update()
    if (await connection.execute(query)).first() is None:
        raise NotFoundError("The store has been deleted.")
