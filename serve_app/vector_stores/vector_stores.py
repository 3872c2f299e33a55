"""Creates vector stores and adds files to them; assembles the parts of the feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serve_app.config import VectorStoresConfig
from serve_app.jobs.worker import JobKind, Jobs
from serve_app.models.registry import Registry
from serve_app.observability import RequestLog
from serve_app.storage.database import Database
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.vector_store_rows import FILE, NewFile, new_batch, new_store
from serve_app.storage.vector_stores import VectorStores
from serve_app.vector_stores.index.indexes import Indexes
from serve_app.vector_stores.indexing import FileIndexing
from serve_app.vector_stores.key_stores import KeyStores
from serve_app.vector_stores.search import FileSearch
from wire.openai.assistants import NewVectorStore
from wire.openai.vector_stores import ChunkingStrategy, StoreFileRequest, as_static


class StoreFilling:
    """Creates stores and adds files, which jobs then read."""

    def __init__(self, database: Database, stores: VectorStores, jobs: Jobs) -> None:
        self._database = database
        self._stores = stores
        self._jobs = jobs

    async def create(
        self, owner: str, fields: Mapping[str, Any], files: Sequence[StoreFileRequest]
    ) -> StoredObject:
        """Create a store, with files or empty.

        Raises:
            NotFoundError: there is no such file.
        """
        store = new_store(owner, fields)
        ids = [file.file_id for file in files]
        found = await self._stores.files_of(owner, ids, "file_ids")
        async with self._database.transaction():
            await self._stores.objects.add(store)
            await self._stores.add(owner, store.id, _new_files(files), found)
        self._jobs.wake()
        return store

    async def add(
        self, owner: str, store_id: str, files: Sequence[StoreFileRequest]
    ) -> list[StoredObject]:
        """Add files to a store.

        Raises:
            NotFoundError: there is no such store, or no such file.
            InvalidRequestError: the store has expired or would have too many files.
        """
        await self._stores.get(owner, store_id)
        found = await self._stores.files_of(owner, [file.file_id for file in files])
        async with self._database.transaction():
            entries = await self._stores.add(owner, store_id, _new_files(files), found)
        self._jobs.wake()
        return entries

    async def add_batch(
        self, owner: str, store_id: str, files: Sequence[StoreFileRequest], param: str
    ) -> StoredObject:
        """Add files to a store as a batch; ``param`` is the field that names them.

        Raises:
            NotFoundError: there is no such store, or no such file.
            InvalidRequestError: the store has expired or would have too many files.
        """
        await self._stores.get(owner, store_id)
        found = await self._stores.files_of(owner, [file.file_id for file in files], param)
        batch = new_batch(owner, store_id, list(found))
        async with self._database.transaction():
            await self._stores.add(owner, store_id, _new_files(files), found)
            await self._stores.objects.add(batch)
        self._jobs.wake()
        return batch

    async def make_for(self, owner: str, new: NewVectorStore, expires_days: int | None) -> str:
        """Create the store that an assistant or a thread describes; return its id.

        Raises:
            NotFoundError: there is no such file.
        """
        expires = {"anchor": "last_active_at", "days": expires_days} if expires_days else None
        fields = {"name": "", "metadata": new.metadata or {}, "expires_after": expires}
        store = await self.create(owner, fields, file_requests(new.file_ids, new.chunking_strategy))
        return store.id

    async def add_files(self, owner: str, store_id: str, file_ids: Sequence[str]) -> None:
        """Add the files of a message to a store.

        Raises:
            NotFoundError: there is no such store, or no such file.
            InvalidRequestError: the store has expired or would have too many files.
        """
        await self.add(owner, store_id, file_requests(file_ids))


@dataclass(frozen=True, slots=True)
class VectorStoreParts:
    """The parts of vector stores that routes and assistants use."""

    stores: VectorStores
    filling: StoreFilling
    indexes: Indexes
    search: FileSearch
    key_stores: KeyStores
    """LocalAI's, which use the same table and indexes."""


def assemble(
    registry: Registry,
    database: Database,
    files: KeptFiles,
    jobs: Jobs,
    log: RequestLog,
    config: VectorStoresConfig,
) -> VectorStoreParts:
    """Return the parts, with the work on files defined."""
    stores = VectorStores(database)
    indexing = FileIndexing(registry, database, files, stores, jobs, log, config)
    jobs.define({FILE: JobKind(indexing.work, indexing.fail, max_at_once=config.files_at_once)})
    indexes = Indexes(stores.chunks, config.index_memory_bytes)
    filling = StoreFilling(database, stores, jobs)
    return VectorStoreParts(
        stores, filling, indexes, FileSearch(stores, indexes), KeyStores(database, indexes)
    )


def file_requests(
    file_ids: Sequence[str], strategy: ChunkingStrategy | None = None
) -> list[StoreFileRequest]:
    """Return the requests to add files without attributes."""
    return [
        StoreFileRequest(file_id=file_id, chunking_strategy=strategy)
        for file_id in dict.fromkeys(file_ids)
    ]


def _new_files(files: Sequence[StoreFileRequest]) -> list[NewFile]:
    return [
        NewFile(file.file_id, as_static(file.chunking_strategy), dict(file.attributes or {}))
        for file in files
    ]
