"""/v1/threads and their messages: what was said, for runs to go on from."""

from typing import Any

from fastapi import APIRouter

from serve_app.assistants.objects import MESSAGE, THREAD
from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CursorDep, ObjectsDep, OwnerDep, ThreadsDep
from serve_app.routes.lists import deleted, page_of
from serve_app.storage.tables import OBJECTS
from wire.openai.threads import (
    MessageRequest,
    MetadataUpdate,
    ThreadRequest,
    ThreadUpdate,
)

router = APIRouter(route_class=JSONRoute)

Answer = dict[str, Any]


@router.post("/threads")
async def create_thread(
    owner: OwnerDep, threads: ThreadsDep, body: ThreadRequest | None = None
) -> Answer:
    """Begin a thread, with what was said so far."""
    return (await threads.create(owner, body)).body


@router.get("/threads/{thread_id}")
async def retrieve_thread(thread_id: str, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """Return a thread, without its messages."""
    return (await objects.get(owner, THREAD, thread_id)).body


@router.post("/threads/{thread_id}")
async def update_thread(
    thread_id: str, body: ThreadUpdate, owner: OwnerDep, threads: ThreadsDep
) -> Answer:
    """Change its labels or what its tools work on."""
    return (await threads.update(owner, thread_id, body)).body


@router.delete("/threads/{thread_id}")
async def delete_thread(thread_id: str, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """Forget a thread, its messages and its runs; one that is active ends."""
    await objects.delete(owner, THREAD, thread_id)
    return deleted(thread_id, THREAD)


@router.post("/threads/{thread_id}/messages")
async def create_message(
    thread_id: str, body: MessageRequest, owner: OwnerDep, threads: ThreadsDep
) -> Answer:
    """Add a message."""
    return (await threads.add_message(owner, thread_id, body)).body


@router.get("/threads/{thread_id}/messages")
async def list_messages(
    thread_id: str,
    cursor: CursorDep,
    owner: OwnerDep,
    objects: ObjectsDep,
    run_id: str | None = None,
) -> Answer:
    """List the messages, or those that a run has made."""
    await objects.get(owner, THREAD, thread_id)
    where = [] if run_id is None else [OBJECTS.c.body["run_id"].as_string() == run_id]
    return page_of(await objects.page(owner, MESSAGE, cursor, thread_id, where))


@router.get("/threads/{thread_id}/messages/{message_id}")
async def retrieve_message(
    thread_id: str, message_id: str, owner: OwnerDep, objects: ObjectsDep
) -> Answer:
    """Return a message."""
    return (await objects.get(owner, MESSAGE, message_id, thread_id)).body


@router.post("/threads/{thread_id}/messages/{message_id}")
async def update_message(
    thread_id: str, message_id: str, body: MetadataUpdate, owner: OwnerDep, objects: ObjectsDep
) -> Answer:
    """Change its labels."""
    changed = body.changed()
    return (await objects.merge(owner, MESSAGE, message_id, changed, thread_id)).body


@router.delete("/threads/{thread_id}/messages/{message_id}")
async def delete_message(
    thread_id: str, message_id: str, owner: OwnerDep, threads: ThreadsDep
) -> Answer:
    """Forget a message."""
    await threads.delete_message(owner, thread_id, message_id)
    return deleted(message_id, MESSAGE)
