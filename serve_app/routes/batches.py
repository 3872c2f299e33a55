"""/v1/batches: many requests in a file, answered in the background."""

from dataclasses import replace
from time import time

from fastapi import APIRouter, Response

from serve_app.batches.batches import KIND, PURPOSE
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.jobs.worker import CANCELLING
from serve_app.routes.dependencies import FilesDep, JobsDep, ObjectsDep, OwnerDep
from serve_app.routes.lists import Limit, stored_page
from serve_app.storage.object_rows import StoredObject, store_answer
from serve_app.storage.objects import Cursor
from wire.errors import InvalidRequestError, naming_parameter
from wire.ids import new_id
from wire.openai.batches import BatchRequest, new_batch
from wire.openai.files import FileObject

router = APIRouter(route_class=JSONRoute)

CANCELLABLE = ("validating", "in_progress")


@router.post("/batches")
async def create_batch(
    body: BatchRequest, owner: OwnerDep, objects: ObjectsDep, files: FilesDep, jobs: JobsDep
) -> Response:
    """Begin to answer the requests of a file."""
    with naming_parameter("input_file_id"):
        file = FileObject.model_validate((await files.get(owner, body.input_file_id)).body)
    if file.purpose != PURPOSE:
        raise InvalidRequestError(
            f"Invalid 'input_file_id': the file's purpose is '{file.purpose}', not '{PURPOSE}'.",
            "input_file_id",
        )
    expiry = body.output_expires_after
    state = {
        "output_file_id": new_id("file", "-"),
        "error_file_id": new_id("file", "-"),
        "output_expires_after_s": expiry.seconds if expiry else None,
    }
    stored = store_answer(owner, new_batch(body), state=state)
    await objects.add(stored)
    jobs.wake()
    return json_response(stored.body)


@router.get("/batches")
async def list_batches(
    owner: OwnerDep, objects: ObjectsDep, limit: Limit = 20, after: str | None = None
) -> Response:
    """List the batches, the newest first."""
    batches = await objects.page(owner, KIND, Cursor(limit=limit, after=after))
    return json_response(stored_page(batches))


@router.get("/batches/{batch_id}")
async def retrieve_batch(batch_id: str, owner: OwnerDep, objects: ObjectsDep) -> Response:
    """Return a batch."""
    return json_response((await objects.get(owner, KIND, batch_id)).body)


@router.post("/batches/{batch_id}/cancel")
async def cancel_batch(batch_id: str, owner: OwnerDep, objects: ObjectsDep) -> Response:
    """Stop a batch; the answers so far remain."""

    def cancel(stored: StoredObject) -> StoredObject:
        if stored.status in (CANCELLING, "cancelled"):
            return stored
        if stored.status not in CANCELLABLE:
            raise InvalidRequestError(
                f"Batch '{batch_id}' is {stored.status}: only one that is "
                f"{' or '.join(CANCELLABLE)} can be cancelled.",
                "batch_id",
            )
        body = {**stored.body, "status": CANCELLING, "cancelling_at": int(time())}
        return replace(stored, status=CANCELLING, body=body)

    return json_response((await objects.change(owner, KIND, batch_id, cancel)).body)
