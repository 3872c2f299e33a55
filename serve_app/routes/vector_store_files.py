"""/v1/vector_stores/{id}/files and …/file_batches: the files of a vector store."""

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter, Response
from sqlalchemy import ColumnElement

from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CursorDep, OwnerDep, VectorStoresDep
from serve_app.routes.lists import stored_page
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor
from serve_app.storage.tables import OBJECTS
from serve_app.storage.vector_store_rows import (
    BATCH,
    FILE,
    as_file_batch,
    batch_entries,
    entry_id,
)
from serve_app.storage.vector_stores import VectorStores
from wire.errors import InvalidRequestError, echo
from wire.openai.vector_stores import (
    FileBatchRequest,
    FileStatus,
    StoreFileRequest,
    StoreFileUpdate,
    TextContent,
    VectorStoreFileContent,
    VectorStoreFileDeleted,
)

router = APIRouter(route_class=JSONRoute)

STORE_PATH = "/vector_stores/{vector_store_id}"
FILE_PATH = STORE_PATH + "/files/{file_id}"
BATCH_PATH = STORE_PATH + "/file_batches/{batch_id}"


@router.post(STORE_PATH + "/files")
async def create_vector_store_file(
    vector_store_id: str, body: StoreFileRequest, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Add a file to a store, which is then read."""
    (entry,) = await parts.filling.add(owner, vector_store_id, [body])
    return json_response(entry.body)


@router.get(STORE_PATH + "/files")
async def list_vector_store_files(
    vector_store_id: str,
    owner: OwnerDep,
    parts: VectorStoresDep,
    cursor: CursorDep,
    filter: FileStatus | None = None,
) -> Response:
    """List the files of a store."""
    await parts.stores.get(owner, vector_store_id)
    return await _page(parts.stores, owner, vector_store_id, cursor, _with_status(filter))


@router.get(FILE_PATH)
async def retrieve_vector_store_file(
    vector_store_id: str, file_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Return a file of a store, with its status."""
    return json_response((await parts.stores.file(owner, vector_store_id, file_id)).body)


@router.post(FILE_PATH)
async def update_vector_store_file(
    vector_store_id: str,
    file_id: str,
    body: StoreFileUpdate,
    owner: OwnerDep,
    parts: VectorStoresDep,
) -> Response:
    """Change a file's attributes."""
    entry = await parts.stores.file(owner, vector_store_id, file_id)
    fields = {"attributes": body.attributes or {}}
    return json_response((await parts.stores.objects.merge(owner, FILE, entry.id, fields)).body)


@router.delete(FILE_PATH)
async def delete_vector_store_file(
    vector_store_id: str, file_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Remove a file from a store; the file itself remains."""
    await parts.stores.remove(owner, vector_store_id, file_id)
    return json_response(VectorStoreFileDeleted(id=file_id))


@router.get(FILE_PATH + "/content")
async def retrieve_vector_store_file_content(
    vector_store_id: str, file_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Return the text of a file: its chunks, in their order."""
    await parts.stores.file(owner, vector_store_id, file_id)
    chunks = await parts.stores.chunks.get_of_documents(vector_store_id, [file_id])
    texts = [TextContent(text=chunk.text) for chunk in chunks]
    return json_response(VectorStoreFileContent(data=texts))


@router.post(STORE_PATH + "/file_batches")
async def create_vector_store_file_batch(
    vector_store_id: str, body: FileBatchRequest, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Add files to a store as a batch."""
    param = "file_ids" if body.files is None else "files"
    batch = await parts.filling.add_batch(owner, vector_store_id, body.requests(), param)
    return await _answer(parts.stores, batch)


@router.get(BATCH_PATH)
async def retrieve_vector_store_file_batch(
    vector_store_id: str, batch_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Return a batch, with the progress of its files."""
    batch = await _find_batch(parts.stores, owner, vector_store_id, batch_id)
    return await _answer(parts.stores, batch)


@router.post(BATCH_PATH + "/cancel")
async def cancel_vector_store_file_batch(
    vector_store_id: str, batch_id: str, owner: OwnerDep, parts: VectorStoresDep
) -> Response:
    """Stop reading the files of a batch; those that have been read remain."""
    batch = await _find_batch(parts.stores, owner, vector_store_id, batch_id)
    return await _answer(parts.stores, await parts.stores.cancel(batch))


@router.get(BATCH_PATH + "/files")
async def list_vector_store_file_batch_files(
    vector_store_id: str,
    batch_id: str,
    owner: OwnerDep,
    parts: VectorStoresDep,
    cursor: CursorDep,
    filter: FileStatus | None = None,
) -> Response:
    """List the files of a batch."""
    batch = await _find_batch(parts.stores, owner, vector_store_id, batch_id)
    where = [*_with_status(filter), OBJECTS.c.id.in_(batch_entries(batch))]
    return await _page(parts.stores, owner, vector_store_id, cursor, where)


async def _find_batch(
    stores: VectorStores, owner: str, vector_store_id: str, batch_id: str
) -> StoredObject:
    await stores.get(owner, vector_store_id)
    return await stores.objects.get(owner, BATCH, batch_id, vector_store_id)


async def _answer(stores: VectorStores, batch: StoredObject) -> Response:
    return json_response(as_file_batch(batch, await stores.batch_counts(batch)))


async def _page(
    stores: VectorStores,
    owner: str,
    vector_store_id: str,
    cursor: Cursor,
    where: Sequence[ColumnElement[bool]],
) -> Response:
    """Return a page of a list whose cursors are ids of files."""
    within = replace(
        cursor,
        after=cursor.after and entry_id(vector_store_id, cursor.after),
        before=cursor.before and entry_id(vector_store_id, cursor.before),
    )
    try:
        rows = await stores.objects.page(owner, FILE, within, vector_store_id, where)
    except InvalidRequestError as error:
        sent = cursor.before if error.param == "before" else cursor.after
        raise InvalidRequestError(
            f"Invalid '{error.param}': no file with id {echo(sent)}.", error.param
        ) from None
    return json_response(stored_page(rows))


def _with_status(status: FileStatus | None) -> list[ColumnElement[bool]]:
    return [] if status is None else [OBJECTS.c.status == status]
