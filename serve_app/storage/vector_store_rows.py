"""Stored objects of vector stores, their files and batches, and the answers made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from time import time
from typing import Any

from serve_app.storage.object_rows import StoredObject, store_answer
from wire.errors import InvalidRequestError
from wire.ids import new_id
from wire.openai.search_filters import Value
from wire.openai.vector_stores import (
    FileCounts,
    StaticChunkingStrategy,
    VectorStore,
    VectorStoreFile,
    VectorStoreFileBatch,
)

STORE = "vector_store"
FILE = "vector_store.file"
BATCH = "vector_store.files_batch"
IN_PROGRESS, COMPLETED, FAILED, CANCELLED = "in_progress", "completed", "failed", "cancelled"
COMPUTED = {"status", "usage_bytes", "file_counts", "expires_at"}
"""Fields of stores and batches that are not stored, since they change with files and time."""
STATUSES = (IN_PROGRESS, COMPLETED, FAILED, CANCELLED)
DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file to add to a store."""

    file_id: str
    chunking: StaticChunkingStrategy
    attributes: dict[str, Value]


def new_store(owner: str, fields: Mapping[str, Any]) -> StoredObject:
    """Return a store that is not stored yet."""
    now = int(time())
    new = {"id": new_id("vs"), "created_at": now, "last_active_at": now}
    store = VectorStore.model_validate({**new, **fields})
    body = store.model_dump(mode="json", exclude=COMPUTED)
    return StoredObject(store.id, STORE, owner, body, state={"usage_bytes": 0}, created_at=now)


def entry_id(store_id: str, file_id: str) -> str:
    """Return the id of a store's file; its ``id`` in answers is the file's, in all stores."""
    return "vsf_" + sha256(f"{store_id}/{file_id}".encode()).hexdigest()[:48]


def expires_at(store: StoredObject) -> int | None:
    """Return when a store expires unless it is used."""
    after = store.body.get("expires_after")
    return store.body["last_active_at"] + after["days"] * DAY_S if after else None


def as_vector_store(store: StoredObject, counts: Mapping[str, int]) -> VectorStore:
    """Return the answer for a store; ``counts`` are its files by status."""
    expiry = expires_at(store)
    if expiry is not None and expiry <= time():
        status = "expired"
    else:
        status = IN_PROGRESS if counts.get(IN_PROGRESS) else COMPLETED
    computed = {
        "status": status,
        "usage_bytes": (store.state or {})["usage_bytes"],
        "file_counts": _file_counts(counts),
        "expires_at": expiry,
    }
    return VectorStore.model_validate({**store.body, **computed})


def as_file_batch(batch: StoredObject, counts: Mapping[str, int]) -> VectorStoreFileBatch:
    """Return the answer for a batch; ``counts`` are its files by status."""
    if (batch.state or {})["cancelled"]:
        status = CANCELLED
    elif counts.get(IN_PROGRESS):
        status = IN_PROGRESS
    else:
        status = FAILED if counts and set(counts) == {FAILED} else COMPLETED
    computed = {"status": status, "file_counts": _file_counts(counts)}
    return VectorStoreFileBatch.model_validate({**batch.body, **computed})


def _file_counts(counts: Mapping[str, int]) -> FileCounts:
    by_status = {status: counts.get(status, 0) for status in STATUSES}
    return FileCounts(**by_status, total=sum(by_status.values()))


def check_live(store: StoredObject) -> None:
    """Refuse a store that has expired.

    Raises:
        InvalidRequestError: it has.
    """
    if (expires_at(store) or time() + 1) <= time():
        raise InvalidRequestError(f"Vector store '{store.id}' has expired.", "vector_store_id")


def new_entry(owner: str, store_id: str, file: NewFile, filename: str) -> StoredObject:
    """Return a file of a store, which is to be read."""
    entry = VectorStoreFile(
        id=file.file_id,
        created_at=int(time()),
        vector_store_id=store_id,
        attributes=file.attributes,
        chunking_strategy=file.chunking,
    )
    stored = store_answer(owner, entry, parent_id=store_id, state={"filename": filename})
    return replace(stored, id=entry_id(store_id, file.file_id))


def new_batch(owner: str, store_id: str, file_ids: Sequence[str]) -> StoredObject:
    """Return a batch of files of a store."""
    batch = VectorStoreFileBatch(
        id=new_id("vsfb"), created_at=int(time()), vector_store_id=store_id
    )
    state = {"files": list(dict.fromkeys(file_ids)), "cancelled": False}
    body = batch.model_dump(mode="json", exclude=COMPUTED)
    return StoredObject(
        batch.id, BATCH, owner, body, parent_id=store_id, state=state, created_at=batch.created_at
    )


def batch_entries(batch: StoredObject) -> list[str]:
    """Return the ids of the files of a batch."""
    return [entry_id(str(batch.parent_id), file_id) for file_id in (batch.state or {})["files"]]


def is_same(entry: StoredObject, file: NewFile) -> bool:
    """Whether a file is in its store, or being read, with these attributes and chunks."""
    there = VectorStoreFile.model_validate(entry.body)
    return (
        there.status in (IN_PROGRESS, COMPLETED)
        and there.attributes == file.attributes
        and there.chunking_strategy == file.chunking
    )


def end_reading(entry: StoredObject, status: str, **fields: Any) -> StoredObject:
    """Return a file of a store with the status at which its reading ended."""
    return replace(entry, status=status, body={**entry.body, "status": status, **fields})
