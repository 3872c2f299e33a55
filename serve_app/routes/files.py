"""/v1/files: files for assistants, batches and models that read images."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from serve_app.http.forms import StreamedForm
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import FilesDep, LimitsDep, OwnerDep, VectorStoresDep
from serve_app.routes.lists import Order, stored_page
from serve_app.storage.contents import Content
from serve_app.storage.files import FileMissingError
from serve_app.storage.kept_files import new_file
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor
from wire.errors import NotFoundError
from wire.openai.files import FileDeleted, FileObject, FileRequest, check_filename, file_lifetime_s

router = APIRouter()

MAX_FILES_OF_PAGE = 10_000


@router.post("/files")
async def upload_file(
    request: Request, owner: OwnerDep, files: FilesDep, limits: LimitsDep
) -> Response:
    """Store a file."""
    form = StreamedForm(request, "file", FileRequest, limits.file)
    await form.open()
    filename = check_filename(form.filename, "file")

    def make(_: Content) -> StoredObject:
        fields = form.fields()
        lifetime_s = file_lifetime_s(fields.purpose, fields.expires_after)
        return new_file(filename, fields.purpose, owner, lifetime_s=lifetime_s)

    return json_response((await files.keep(owner, form.chunks(), make)).body)


@router.get("/files")
async def list_files(
    owner: OwnerDep,
    files: FilesDep,
    limit: Annotated[int, Query(ge=1, le=MAX_FILES_OF_PAGE)] = MAX_FILES_OF_PAGE,
    order: Order = "desc",
    after: str | None = None,
    purpose: str | None = None,
) -> Response:
    """List files, all or those of a purpose."""
    return json_response(stored_page(await files.page(owner, Cursor(limit, order, after), purpose)))


@router.get("/files/{file_id}")
async def retrieve_file(file_id: str, owner: OwnerDep, files: FilesDep) -> Response:
    """Return a file, without its content."""
    return json_response((await files.get(owner, file_id)).body)


@router.delete("/files/{file_id}")
async def delete_file(
    file_id: str, owner: OwnerDep, files: FilesDep, vector_stores: VectorStoresDep
) -> Response:
    """Delete a file, also from vector stores."""
    await files.delete(owner, file_id)
    await vector_stores.stores.forget_file(owner, file_id)
    return json_response(FileDeleted(id=file_id))


@router.get("/files/{file_id}/content")
async def file_content(file_id: str, owner: OwnerDep, files: FilesDep) -> Response:
    """Return the content of a file."""
    stored = await files.get(owner, file_id)
    pieces = files.content(stored)
    try:
        first = await anext(pieces, b"")
    except FileMissingError:
        raise NotFoundError(f"No file found with id '{file_id}'.") from None
    file = FileObject.model_validate(stored.body)
    name = quote(file.filename, safe="")
    return StreamingResponse(
        _from(first, pieces),
        media_type="application/octet-stream",
        headers={
            "Content-Length": str(file.bytes),
            # Never shown as a page of this server, whatever is in it.
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
        },
    )


async def _from(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
