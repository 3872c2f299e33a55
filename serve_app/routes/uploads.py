"""/v1/uploads: files that are sent in parts."""

from fastapi import APIRouter, Request, Response

from serve_app.http.forms import StreamedForm
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.http.limits import MAX_PART_BYTES
from serve_app.routes.dependencies import LimitsDep, OwnerDep, UploadsDep
from wire.errors import InvalidRequestError
from wire.openai.files import (
    CompleteRequest,
    PartRequest,
    UploadRequest,
    check_filename,
    file_lifetime_s,
)

router = APIRouter(route_class=JSONRoute)
parts_router = APIRouter()
"""Reads its bodies as they arrive."""


@router.post("/uploads")
async def create_upload(
    body: UploadRequest, owner: OwnerDep, uploads: UploadsDep, limits: LimitsDep
) -> Response:
    """Begin a file that is sent in parts."""
    if body.bytes > limits.upload:
        raise InvalidRequestError(
            f"Invalid 'bytes': at most {limits.upload} are allowed (received {body.bytes}).",
            "bytes",
        )
    name = check_filename(body.filename, "filename")
    lifetime_s = file_lifetime_s(body.purpose, body.expires_after)
    upload = await uploads.create(owner, name, body.purpose, body.bytes, lifetime_s)
    return json_response(upload.body)


@parts_router.post("/uploads/{upload_id}/parts")
async def add_upload_part(
    upload_id: str, request: Request, owner: OwnerDep, uploads: UploadsDep, limits: LimitsDep
) -> Response:
    """Store a part."""
    form = StreamedForm(request, "data", PartRequest, MAX_PART_BYTES)
    await form.open()
    part = await uploads.add_part(owner, upload_id, form.chunks(), limits.upload)
    return json_response(part.body)


@router.post("/uploads/{upload_id}/complete")
async def complete_upload(
    upload_id: str, body: CompleteRequest, owner: OwnerDep, uploads: UploadsDep
) -> Response:
    """Join the parts to a file."""
    upload = await uploads.complete(owner, upload_id, body.part_ids, body.md5)
    return json_response(upload.body)


@router.post("/uploads/{upload_id}/cancel")
async def cancel_upload(upload_id: str, owner: OwnerDep, uploads: UploadsDep) -> Response:
    """End an upload without a file."""
    return json_response((await uploads.cancel(owner, upload_id)).body)
