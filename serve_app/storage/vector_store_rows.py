"""What is kept of vector stores, their files and batches, and what follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from time import time
from typing import Any

from serve_app.storage.object_rows import StoredObject
from wire.errors import InvalidRequestError
from wire.ids import new_id

STORE = "vector_store"
FILE = "vector_store.file"
BATCH = "vector_store.files_batch"
IN_PROGRESS, COMPLETED, FAILED, CANCELLED = "in_progress", "completed", "failed", "cancelled"
MAX_FILES = 10_000
"""OpenAI's limit of a store."""
STATUSES = (IN_PROGRESS, COMPLETED, FAILED, CANCELLED)
DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that a store shall have."""

    file_id: str
    chunking: dict[str, Any]
    """As it is shown."""
    attributes: dict[str, Any]


def new_store(owner: str, fields: Mapping[str, Any]) -> StoredObject:
    """Return a store that is not kept yet."""
    store_id, now = new_id("vs"), int(time())
    body = {"id": store_id, "object": STORE, "created_at": now, **fields, "last_active_at": now}
    return StoredObject(store_id, STORE, owner, body, state={"usage_bytes": 0}, created_at=now)


def entry_id(store_id: str, file_id: str) -> str:
    """Return the row id of a store's file. Clients use the file's id, which stores share."""
    return "vsf_" + sha256(f"{store_id}/{file_id}".encode()).hexdigest()[:48]


def expires_at(store: StoredObject) -> int | None:
    """Return when a store expires, if nobody uses it."""
    after = store.body.get("expires_after")
    return store.body["last_active_at"] + after["days"] * DAY_S if after else None


def shown_store(store: StoredObject, counts: Mapping[str, int]) -> dict[str, Any]:
    """Return a store as clients see it; ``counts`` are its files by status."""
    expiry = expires_at(store)
    if expiry is not None and expiry <= time():
        status = "expired"
    else:
        status = IN_PROGRESS if counts.get(IN_PROGRESS) else COMPLETED
    return {
        **store.body,
        "status": status,
        "usage_bytes": (store.state or {})["usage_bytes"],
        "file_counts": _counted(counts),
        "expires_at": expiry,
    }


def shown_batch(batch: StoredObject, counts: Mapping[str, int]) -> dict[str, Any]:
    """Return a batch as clients see it; ``counts`` are its files by status."""
    if (batch.state or {})["cancelled"]:
        status = CANCELLED
    elif counts.get(IN_PROGRESS):
        status = IN_PROGRESS
    else:
        status = FAILED if counts and set(counts) == {FAILED} else COMPLETED
    return {**batch.body, "status": status, "file_counts": _counted(counts)}


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    by_status = {status: counts.get(status, 0) for status in STATUSES}
    return {**by_status, "total": sum(by_status.values())}


def check_live(store: StoredObject) -> None:
    """Pass a store that has not expired.

    Raises:
        InvalidRequestError: it has.
    """
    if (expires_at(store) or time() + 1) <= time():
        raise InvalidRequestError(f"Vector store '{store.id}' has expired.", "vector_store_id")


def new_entry(owner: str, store_id: str, file: NewFile, filename: str) -> StoredObject:
    """Return a file of a store, which is then to be read."""
    now = int(time())
    body = {
        "id": file.file_id,
        "object": FILE,
        "created_at": now,
        "vector_store_id": store_id,
        "status": IN_PROGRESS,
        "last_error": None,
        "usage_bytes": 0,
        "attributes": file.attributes,
        "chunking_strategy": file.chunking,
    }
    return StoredObject(
        entry_id(store_id, file.file_id),
        FILE,
        owner,
        body,
        parent_id=store_id,
        status=IN_PROGRESS,
        state={"filename": filename},
        created_at=now,
    )


def new_batch(owner: str, store_id: str, file_ids: Sequence[str]) -> StoredObject:
    """Return a batch of files of a store."""
    batch_id, now = new_id("vsfb"), int(time())
    body = {"id": batch_id, "object": BATCH, "created_at": now, "vector_store_id": store_id}
    state = {"files": list(dict.fromkeys(file_ids)), "cancelled": False}
    return StoredObject(
        batch_id, BATCH, owner, body, parent_id=store_id, state=state, created_at=now
    )


def batch_entries(batch: StoredObject) -> list[str]:
    """Return the ids of the files of a batch."""
    return [entry_id(str(batch.parent_id), file_id) for file_id in (batch.state or {})["files"]]


def is_same(entry: StoredObject, file: NewFile) -> bool:
    """Whether a file is, or will be, in its store with the requested attributes."""
    return (
        entry.status in (IN_PROGRESS, COMPLETED)
        and entry.body["attributes"] == file.attributes
        and entry.body["chunking_strategy"] == file.chunking
    )


def ended(entry: StoredObject, status: str, **fields: Any) -> StoredObject:
    """Return a file of a store of which the reading has ended."""
    return replace(entry, status=status, body={**entry.body, "status": status, **fields})
