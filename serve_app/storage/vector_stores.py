"""Vector stores, their files and batches of files, in the database.

Each change of a store's content locks the store first, so that its counts are always correct.
Independent of how files are parsed and embedded.
"""

from collections.abc import Sequence
from dataclasses import replace
from time import time
from typing import Any

from sqlalchemy import Executable, func, select

from serve_app.storage.chunks import ROWS_AT_ONCE, Chunk, ChunkStore
from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from serve_app.storage.tables import OBJECTS
from serve_app.storage.vector_store_rows import (
    BATCH,
    CANCELLED,
    COMPLETED,
    FILE,
    IN_PROGRESS,
    STORE,
    NewFile,
    batch_entries,
    check_live,
    end_reading,
    entry_id,
    is_same,
    new_entry,
)
from wire.errors import InvalidRequestError, NotFoundError, echo
from wire.limits import MAX_STORE_TOTAL_FILES

KEPT_FILE = "file"


class VectorStores:
    """The vector stores of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.objects = ObjectStore(database)
        self.chunks = ChunkStore(database)

    async def get(self, owner: str, store_id: str) -> StoredObject:
        """Return a store.

        Raises:
            NotFoundError: the owner has no such store.
        """
        try:
            return await self.objects.get(owner, STORE, store_id)
        except NotFoundError:
            raise _store_not_found(store_id) from None

    async def record_use(self, store: StoredObject) -> None:
        """Record that a store is used now, at most once a second."""
        if store.body["last_active_at"] < int(time()):
            await self._change_store(store.owner, store.id, 0)

    async def counts(self, store_ids: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return how many files each store has, by status."""
        query = (
            select(OBJECTS.c.parent_id, OBJECTS.c.status, func.count())
            .where(OBJECTS.c.parent_id.in_(store_ids), OBJECTS.c.kind == FILE)
            .group_by(OBJECTS.c.parent_id, OBJECTS.c.status)
        )
        found: dict[str, dict[str, int]] = {store_id: {} for store_id in store_ids}
        async with self._database.reading() as connection:
            for store_id, status, count in (await connection.execute(query)).all():
                found[store_id][status] = count
        return found

    async def batch_counts(self, batch: StoredObject) -> dict[str, int]:
        """Return how many files of a batch the store has, by status."""
        query = (
            select(OBJECTS.c.status, func.count())
            .where(OBJECTS.c.id.in_(batch_entries(batch)))
            .group_by(OBJECTS.c.status)
        )
        async with self._database.reading() as connection:
            return {row[0]: row[1] for row in (await connection.execute(query)).all()}

    async def files_of(
        self, owner: str, file_ids: Sequence[str], param: str = "file_id"
    ) -> dict[str, StoredObject]:
        """Return files by their ids, which the request has in ``param``.

        Raises:
            NotFoundError: one does not exist.
        """
        found = dict[str, StoredObject]()
        for start in range(0, len(file_ids), ROWS_AT_ONCE):
            portion = file_ids[start : start + ROWS_AT_ONCE]
            found |= await self.objects.find(owner, KEPT_FILE, portion)
        for file_id in file_ids:
            if file_id not in found:
                raise NotFoundError(f"No file found with id {echo(file_id)}.", param)
        return found

    async def add(
        self, owner: str, store_id: str, files: Sequence[NewFile], found: dict[str, StoredObject]
    ) -> list[StoredObject]:
        """Add files, which are indexed later; in the caller's transaction, all or none.

        ``found`` has their objects by id. A file that the store has with the same attributes and
        chunking stays unchanged, so that a request can be repeated; with others, or after a
        failure, it is indexed again.

        Raises:
            NotFoundError: there is no such store.
            InvalidRequestError: it has expired or would have too many files.
        """
        check_live(await self._change_store(owner, store_id, 0))
        names = {entry_id(store_id, file.file_id): file for file in files}
        entries = await self._find_entries(owner, list(names))
        await self._check_room(store_id, len(names.keys() - entries.keys()))
        for name, file in names.items():
            if name in entries:
                if is_same(entries[name], file):
                    continue
                await self._remove(entries[name])
            entries[name] = new_entry(owner, store_id, file, found[file.file_id].body["filename"])
            await self.objects.add(entries[name])
        return [entries[name] for name in names]

    async def file(self, owner: str, store_id: str, file_id: str) -> StoredObject:
        """Return a file of a store.

        Raises:
            NotFoundError: there is no such store, or it has no such file.
        """
        try:
            return await self.objects.get(owner, FILE, entry_id(store_id, file_id), store_id)
        except NotFoundError:
            await self.get(owner, store_id)
            raise NotFoundError(
                f"No file found with id {echo(file_id)} in vector store '{store_id}'."
            ) from None

    async def remove(self, owner: str, store_id: str, file_id: str) -> None:
        """Remove a file from a store.

        Raises:
            NotFoundError: there is no such store, or it has no such file.
        """
        async with self._database.transaction():
            await self._change_store(owner, store_id, 0)
            await self._remove(await self.file(owner, store_id, file_id))

    async def forget_file(self, owner: str, file_id: str) -> None:
        """Remove a file that is being deleted from all stores of its owner."""
        query = select(OBJECTS.c.id).where(OBJECTS.c.owner == owner, OBJECTS.c.kind == STORE)
        async with self._database.reading() as connection:
            store_ids = (await connection.execute(query)).scalars().all()
        names = [entry_id(store_id, file_id) for store_id in store_ids]
        for entry in (await self._find_entries(owner, names)).values():
            await self.remove(owner, str(entry.parent_id), file_id)

    async def delete(self, owner: str, store_id: str) -> None:
        """Delete a store and its entries; the files themselves remain.

        Raises:
            NotFoundError: the owner has no such store.
        """
        await self.get(owner, store_id)
        await self.objects.delete(owner, STORE, store_id)

    async def attributes(self, store_id: str) -> dict[str, dict[str, Any]]:
        """Return the attributes of all indexed files."""
        found, last = dict[str, dict[str, Any]](), 0
        while rows := await self._fetch(
            select(OBJECTS.c.number, OBJECTS.c.body)
            .where(OBJECTS.c.parent_id == store_id, OBJECTS.c.kind == FILE)
            .where(OBJECTS.c.status == COMPLETED, OBJECTS.c.number > last)
            .order_by(OBJECTS.c.number)
            .limit(ROWS_AT_ONCE // 4)
        ):
            found |= {body["id"]: body["attributes"] for _, body in rows}
            last = rows[-1][0]
        return found

    async def cancel(self, batch: StoredObject) -> StoredObject:
        """Cancel the files of a batch that are in progress."""

        def mark_cancelled(stored: StoredObject) -> StoredObject:
            return replace(stored, state={**(stored.state or {}), "cancelled": True})

        names = batch_entries(batch)
        async with self._database.transaction():
            await self._change_store(batch.owner, str(batch.parent_id), 0)
            changed = await self.objects.change(batch.owner, BATCH, batch.id, mark_cancelled)
            for entry in (await self._find_entries(batch.owner, names)).values():
                if entry.status == IN_PROGRESS:
                    await self.objects.change(
                        batch.owner, FILE, entry.id, lambda one: end_reading(one, CANCELLED)
                    )
        return changed

    async def choose_model(self, store: StoredObject, model: str) -> str:
        """Store which model makes a store's vectors, if none is set; return the model."""

        def set_model(stored: StoredObject) -> StoredObject:
            return replace(stored, state={"model": model, **(stored.state or {})})

        changed = await self.objects.change(store.owner, STORE, store.id, set_model)
        return (changed.state or {})["model"]

    async def fill(self, entry: StoredObject, chunks: Sequence[Chunk], dimensions: int) -> int:
        """Store a file's chunks, in the transaction that completes the file; return their bytes.

        Raises:
            NotFoundError: the store has been deleted.
            InvalidRequestError: its vectors have another length.
        """
        num_bytes = sum(len(chunk.text.encode()) + len(chunk.vector) for chunk in chunks)
        store = await self._change_store(
            entry.owner, str(entry.parent_id), num_bytes, {"dimensions": dimensions}
        )
        if (length := (store.state or {})["dimensions"]) != dimensions:
            raise InvalidRequestError(
                f"The embeddings model makes vectors of {dimensions} numbers now, and those of "
                f"vector store '{store.id}' have {length}. Make a new store."
            )
        await self.chunks.replace(store.id, {entry.body["id"]: chunks})
        return num_bytes

    async def _change_store(
        self, owner: str, store_id: str, num_bytes: int, known: dict[str, Any] | None = None
    ) -> StoredObject:
        """Lock a store; record its use, its growth, and ``known`` where its state lacks it."""

        def grow(stored: StoredObject) -> StoredObject:
            state = {**(known or {}), **(stored.state or {})}
            return replace(
                stored,
                body={**stored.body, "last_active_at": int(time())},
                state={**state, "usage_bytes": state["usage_bytes"] + num_bytes},
            )

        try:
            return await self.objects.change(owner, STORE, store_id, grow)
        except NotFoundError:
            raise _store_not_found(store_id) from None

    async def _check_room(self, store_id: str, num_new: int) -> None:
        counts = (await self.counts([store_id]))[store_id]
        if sum(counts.values()) + num_new > MAX_STORE_TOTAL_FILES:
            raise InvalidRequestError(
                f"A vector store may have {MAX_STORE_TOTAL_FILES} files; this one has "
                f"{sum(counts.values())}, and {num_new} more were sent.",
                "file_ids",
            )

    async def _remove(self, entry: StoredObject) -> None:
        """Delete a file of a locked store."""
        store_id = str(entry.parent_id)
        await self._change_store(entry.owner, store_id, -entry.body["usage_bytes"])
        await self.chunks.replace(store_id, {entry.body["id"]: ()})
        await self.objects.delete(entry.owner, FILE, entry.id)

    async def _find_entries(self, owner: str, names: Sequence[str]) -> dict[str, StoredObject]:
        found = dict[str, StoredObject]()
        for start in range(0, len(names), ROWS_AT_ONCE):
            found |= await self.objects.find(owner, FILE, names[start : start + ROWS_AT_ONCE])
        return found

    async def _fetch(self, query: Executable) -> Sequence[Any]:
        async with self._database.reading() as connection:
            return (await connection.execute(query)).all()


def _store_not_found(store_id: str) -> NotFoundError:
    return NotFoundError(f"No vector store found with id {echo(store_id)}.", "vector_store_id")
