"""/v1/batches: many requests in a file, answered while nobody waits."""

from dataclasses import replace
from time import time
from typing import Any

from fastapi import APIRouter

from serve_app.batches.batches import KIND, PURPOSE
from serve_app.http.json_body import JSONRoute
from serve_app.jobs.worker import CANCELLING
from serve_app.routes.dependencies import FilesDep, JobsDep, ObjectsDep, OwnerDep
from serve_app.routes.lists import Limit, listed
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor
from wire.errors import InvalidRequestError
from wire.ids import new_id
from wire.openai.batches import BatchRequest, batch_of

router = APIRouter(route_class=JSONRoute)

Answer = dict[str, Any]

CANCELLABLE = ("validating", "in_progress")


@router.post("/batches")
async def create_batch(
    body: BatchRequest, owner: OwnerDep, objects: ObjectsDep, files: FilesDep, jobs: JobsDep
) -> Answer:
    """Begin to answer the requests of a file."""
    file = await files.get(owner, body.input_file_id)
    if file.body["purpose"] != PURPOSE:
        raise InvalidRequestError(
            f"Invalid 'input_file_id': the file's purpose is '{file.body['purpose']}', not "
            f"'{PURPOSE}'.",
            "input_file_id",
        )
    batch, expiry = batch_of(body), body.output_expires_after
    state = {
        "output_file_id": new_id("file", "-"),
        "error_file_id": new_id("file", "-"),
        "output_expires_after_s": expiry.seconds if expiry else None,
    }
    await objects.add(
        StoredObject(
            batch["id"],
            KIND,
            owner,
            batch,
            status=batch["status"],
            state=state,
            created_at=batch["created_at"],
        )
    )
    jobs.wake()
    return batch


@router.get("/batches")
async def list_batches(
    owner: OwnerDep, objects: ObjectsDep, limit: Limit = 20, after: str | None = None
) -> Answer:
    """List the batches, the newest first."""
    found, has_more = await objects.page(owner, KIND, Cursor(limit=limit, after=after))
    return listed([batch.body for batch in found], has_more=has_more)


@router.get("/batches/{batch_id}")
async def retrieve_batch(batch_id: str, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """Return a batch as it is now."""
    return (await objects.get(owner, KIND, batch_id)).body


@router.post("/batches/{batch_id}/cancel")
async def cancel_batch(batch_id: str, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """Stop a batch; what has been answered is kept."""

    def cancelling(stored: StoredObject) -> StoredObject:
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

    return (await objects.change(owner, KIND, batch_id, cancelling)).body
