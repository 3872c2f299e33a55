"""/v1/threads and their messages, which runs continue."""

from fastapi import APIRouter, Response

from serve_app.assistants.objects import MESSAGE, THREAD
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CursorDep, ObjectsDep, OwnerDep, ThreadsDep
from serve_app.routes.lists import stored_page
from serve_app.storage.tables import OBJECTS
from wire.openai.threads import (
    MessageRequest,
    MetadataUpdate,
    ThreadDeleted,
    ThreadMessageDeleted,
    ThreadRequest,
    ThreadUpdate,
)

router = APIRouter(route_class=JSONRoute)


@router.post("/threads")
async def create_thread(
    owner: OwnerDep, threads: ThreadsDep, body: ThreadRequest | None = None
) -> Response:
    """Create a thread, with its first messages."""
    return json_response((await threads.create(owner, body)).body)


@router.get("/threads/{thread_id}")
async def retrieve_thread(thread_id: str, owner: OwnerDep, objects: ObjectsDep) -> Response:
    """Return a thread, without its messages."""
    return json_response((await objects.get(owner, THREAD, thread_id)).body)


@router.post("/threads/{thread_id}")
async def update_thread(
    thread_id: str, body: ThreadUpdate, owner: OwnerDep, threads: ThreadsDep
) -> Response:
    """Change a thread's metadata or resources."""
    return json_response((await threads.update(owner, thread_id, body)).body)


@router.delete("/threads/{thread_id}")
async def delete_thread(thread_id: str, owner: OwnerDep, objects: ObjectsDep) -> Response:
    """Delete a thread, its messages and its runs; an active run ends."""
    await objects.delete(owner, THREAD, thread_id)
    return json_response(ThreadDeleted(id=thread_id))


@router.post("/threads/{thread_id}/messages")
async def create_message(
    thread_id: str, body: MessageRequest, owner: OwnerDep, threads: ThreadsDep
) -> Response:
    """Add a message."""
    return json_response((await threads.add_message(owner, thread_id, body)).body)


@router.get("/threads/{thread_id}/messages")
async def list_messages(
    thread_id: str,
    cursor: CursorDep,
    owner: OwnerDep,
    objects: ObjectsDep,
    run_id: str | None = None,
) -> Response:
    """List the messages, or those of a run."""
    await objects.get(owner, THREAD, thread_id)
    where = [] if run_id is None else [OBJECTS.c.body["run_id"].as_string() == run_id]
    return json_response(stored_page(await objects.page(owner, MESSAGE, cursor, thread_id, where)))


@router.get("/threads/{thread_id}/messages/{message_id}")
async def retrieve_message(
    thread_id: str, message_id: str, owner: OwnerDep, objects: ObjectsDep
) -> Response:
    """Return a message."""
    return json_response((await objects.get(owner, MESSAGE, message_id, thread_id)).body)


@router.post("/threads/{thread_id}/messages/{message_id}")
async def update_message(
    thread_id: str, message_id: str, body: MetadataUpdate, owner: OwnerDep, objects: ObjectsDep
) -> Response:
    """Change a message's metadata."""
    changes = body.changes()
    return json_response((await objects.merge(owner, MESSAGE, message_id, changes, thread_id)).body)


@router.delete("/threads/{thread_id}/messages/{message_id}")
async def delete_message(
    thread_id: str, message_id: str, owner: OwnerDep, threads: ThreadsDep
) -> Response:
    """Delete a message."""
    await threads.delete_message(owner, thread_id, message_id)
    return json_response(ThreadMessageDeleted(id=message_id))
