"""/v1/uploads: files too large to come at once."""

from typing import Any

from fastapi import APIRouter, Request

from serve_app.http.forms import StreamedForm
from serve_app.http.json_body import JSONRoute
from serve_app.http.limits import MAX_PART_BYTES
from serve_app.routes.dependencies import LimitsDep, OwnerDep, UploadsDep
from wire.errors import InvalidRequestError
from wire.openai.files import (
    CompleteRequest,
    PartRequest,
    UploadRequest,
    check_filename,
    lifetime,
)

router = APIRouter(route_class=JSONRoute)
parts_router = APIRouter()
"""Reads its bodies as they arrive."""

Answer = dict[str, Any]


@router.post("/uploads")
async def create_upload(
    body: UploadRequest, owner: OwnerDep, uploads: UploadsDep, limits: LimitsDep
) -> Answer:
    """Begin a file that comes in parts."""
    if body.bytes > limits.upload:
        raise InvalidRequestError(
            f"Invalid 'bytes': at most {limits.upload} are allowed (received {body.bytes}).",
            "bytes",
        )
    name = check_filename(body.filename, "filename")
    lives_s = lifetime(body.purpose, body.expires_after)
    return (await uploads.create(owner, name, body.purpose, body.bytes, lives_s)).body


@parts_router.post("/uploads/{upload_id}/parts")
async def add_upload_part(
    upload_id: str, request: Request, owner: OwnerDep, uploads: UploadsDep, limits: LimitsDep
) -> Answer:
    """Keep a part."""
    form = StreamedForm(request, "data", PartRequest, MAX_PART_BYTES)
    await form.open()
    part = await uploads.add_part(owner, upload_id, form.chunks(), limits.upload)
    return part.body


@router.post("/uploads/{upload_id}/complete")
async def complete_upload(
    upload_id: str, body: CompleteRequest, owner: OwnerDep, uploads: UploadsDep
) -> Answer:
    """Make the file of its parts."""
    return (await uploads.complete(owner, upload_id, body.part_ids, body.md5)).body


@router.post("/uploads/{upload_id}/cancel")
async def cancel_upload(upload_id: str, owner: OwnerDep, uploads: UploadsDep) -> Answer:
    """End it without a file."""
    return (await uploads.cancel(owner, upload_id)).body
