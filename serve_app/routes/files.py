"""/v1/files: what clients keep here, for assistants, batches and models that see."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from starlette.responses import StreamingResponse

from serve_app.http.forms import StreamedForm
from serve_app.routes.dependencies import FilesDep, LimitsDep, OwnerDep, VectorStoresDep
from serve_app.routes.lists import Order, listed
from serve_app.storage.contents import Content
from serve_app.storage.files import FileMissingError
from serve_app.storage.kept_files import new_file
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor
from wire.errors import NotFoundError
from wire.openai.files import FileRequest, check_filename, deleted_file, lifetime

router = APIRouter()

Answer = dict[str, Any]

MOST = 10_000


@router.post("/files")
async def upload_file(
    request: Request, owner: OwnerDep, files: FilesDep, limits: LimitsDep
) -> Answer:
    """Keep a file."""
    form = StreamedForm(request, "file", FileRequest, limits.file)
    await form.open()
    filename = check_filename(form.filename, "file")

    def described(_: Content) -> StoredObject:
        fields = form.fields()
        lives_s = lifetime(fields.purpose, fields.expires_after)
        return new_file(filename, fields.purpose, owner, lives_s=lives_s)

    return (await files.keep(owner, form.chunks(), described)).body


@router.get("/files")
async def list_files(
    owner: OwnerDep,
    files: FilesDep,
    limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
    order: Order = "desc",
    after: str | None = None,
    purpose: str | None = None,
) -> Answer:
    """List files, all or those of a purpose."""
    found, has_more = await files.page(owner, Cursor(limit, order, after), purpose)
    return listed([each.body for each in found], has_more=has_more)


@router.get("/files/{file_id}")
async def retrieve_file(file_id: str, owner: OwnerDep, files: FilesDep) -> Answer:
    """Return what is known of a file."""
    return (await files.get(owner, file_id)).body


@router.delete("/files/{file_id}")
async def delete_file(
    file_id: str, owner: OwnerDep, files: FilesDep, vector_stores: VectorStoresDep
) -> Answer:
    """Forget a file, and what vector stores have of it."""
    await files.delete(owner, file_id)
    await vector_stores.stores.forget_file(owner, file_id)
    return deleted_file(file_id)


@router.get("/files/{file_id}/content")
async def file_content(file_id: str, owner: OwnerDep, files: FilesDep) -> Response:
    """Return what is in a file."""
    stored = await files.get(owner, file_id)
    pieces = files.content(stored)
    try:
        first = await anext(pieces, b"")
    except FileMissingError:
        raise NotFoundError(f"No file found with id '{file_id}'.") from None
    name = quote(stored.body["filename"], safe="")
    return StreamingResponse(
        _from(first, pieces),
        media_type="application/octet-stream",
        headers={
            "Content-Length": str(stored.body["bytes"]),
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
