"""/v1/vector_stores/{id}/files and …/file_batches: which files a store has."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from sqlalchemy import ColumnElement

from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CursorDep, OwnerDep, VectorStoresDep
from serve_app.routes.lists import deleted, listed
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor
from serve_app.storage.tables import OBJECTS
from serve_app.storage.vector_store_rows import (
    BATCH,
    FILE,
    batch_entries,
    entry_id,
    shown_batch,
)
from serve_app.storage.vector_stores import VectorStores
from wire.errors import InvalidRequestError, echo
from wire.openai.vector_stores import (
    FileBatchRequest,
    FileStatus,
    StoreFileRequest,
    StoreFileUpdate,
)

router = APIRouter(route_class=JSONRoute)

Answer = dict[str, Any]
STORE_PATH = "/vector_stores/{vector_store_id}"
FILE_PATH = STORE_PATH + "/files/{file_id}"
BATCH_PATH = STORE_PATH + "/file_batches/{batch_id}"


@router.post(STORE_PATH + "/files")
async def create_vector_store_file(
    vector_store_id: str, body: StoreFileRequest, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Give a store a file, which is then read."""
    return (await parts.filling.add(owner, vector_store_id, [body]))[0].body


@router.get(STORE_PATH + "/files")
async def list_vector_store_files(
    vector_store_id: str,
    owner: OwnerDep,
    parts: VectorStoresDep,
    cursor: CursorDep,
    filter: FileStatus | None = None,
) -> Answer:
    """List the files of a store."""
    await parts.stores.get(owner, vector_store_id)
    return await _page(parts.stores, owner, vector_store_id, cursor, _with_status(filter))


@router.get(FILE_PATH)
async def retrieve_vector_store_file(
    vector_store_id: str, file_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Return a file of a store, and how far its reading is."""
    return (await parts.stores.file(owner, vector_store_id, file_id)).body


@router.post(FILE_PATH)
async def update_vector_store_file(
    vector_store_id: str,
    file_id: str,
    body: StoreFileUpdate,
    owner: OwnerDep,
    parts: VectorStoresDep,
) -> Answer:
    """Give a file other attributes."""
    entry = await parts.stores.file(owner, vector_store_id, file_id)
    fields = {"attributes": body.attributes or {}}
    return (await parts.stores.objects.merge(owner, FILE, entry.id, fields)).body


@router.delete(FILE_PATH)
async def delete_vector_store_file(
    vector_store_id: str, file_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Take a file out of a store. The file itself stays."""
    await parts.stores.remove(owner, vector_store_id, file_id)
    return deleted(file_id, FILE)


@router.get(FILE_PATH + "/content")
async def retrieve_vector_store_file_content(
    vector_store_id: str, file_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Return what was read of a file: its chunks, in their order."""
    await parts.stores.file(owner, vector_store_id, file_id)
    chunks = await parts.stores.chunks.get_of_documents(vector_store_id, [file_id])
    return {
        "object": "vector_store.file_content.page",
        "data": [{"type": "text", "text": chunk.text} for chunk in chunks],
        "has_more": False,
        "next_page": None,
    }


@router.post(STORE_PATH + "/file_batches")
async def create_vector_store_file_batch(
    vector_store_id: str, body: FileBatchRequest, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Give a store files together."""
    batch = await parts.filling.add_batch(owner, vector_store_id, body.requests())
    return shown_batch(batch, await parts.stores.batch_counts(batch))


@router.get(BATCH_PATH)
async def retrieve_vector_store_file_batch(
    vector_store_id: str, batch_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Return how far the reading of a batch is."""
    batch = await _batch(parts.stores, owner, vector_store_id, batch_id)
    return shown_batch(batch, await parts.stores.batch_counts(batch))


@router.post(BATCH_PATH + "/cancel")
async def cancel_vector_store_file_batch(
    vector_store_id: str, batch_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Answer:
    """Read no more files of a batch. Those that have been read stay."""
    batch = await _batch(parts.stores, owner, vector_store_id, batch_id)
    cancelled = await parts.stores.cancel(batch)
    return shown_batch(cancelled, await parts.stores.batch_counts(cancelled))


@router.get(BATCH_PATH + "/files")
async def list_vector_store_file_batch_files(
    vector_store_id: str,
    batch_id: str,
    owner: OwnerDep,
    parts: VectorStoresDep,
    cursor: CursorDep,
    filter: FileStatus | None = None,
) -> Answer:
    """List the files of a batch."""
    batch = await _batch(parts.stores, owner, vector_store_id, batch_id)
    where = [*_with_status(filter), OBJECTS.c.id.in_(batch_entries(batch))]
    return await _page(parts.stores, owner, vector_store_id, cursor, where)


async def _batch(
    stores: VectorStores, owner: str, vector_store_id: str, batch_id: str
) -> StoredObject:
    await stores.get(owner, vector_store_id)
    return await stores.objects.get(owner, BATCH, batch_id, vector_store_id)


async def _page(
    stores: VectorStores,
    owner: str,
    vector_store_id: str,
    cursor: Cursor,
    where: Sequence[ColumnElement[bool]],
) -> Answer:
    """Return a part of a list in which cursors are the ids of files."""
    within = replace(
        cursor,
        after=cursor.after and entry_id(vector_store_id, cursor.after),
        before=cursor.before and entry_id(vector_store_id, cursor.before),
    )
    try:
        entries, has_more = await stores.objects.page(owner, FILE, within, vector_store_id, where)
    except InvalidRequestError as error:
        sent = cursor.before if error.param == "before" else cursor.after
        raise InvalidRequestError(
            f"Invalid '{error.param}': no file with id {echo(sent)}.", error.param
        ) from None
    return listed([entry.body for entry in entries], has_more=has_more)


def _with_status(status: FileStatus | None) -> list[ColumnElement[bool]]:
    return [] if status is None else [OBJECTS.c.status == status]
