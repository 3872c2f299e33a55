"""/v1/assistants: a model with instructions, tools and files, under one id."""

from typing import Any

from fastapi import APIRouter

from serve_app.assistants.assistants import check_file
from serve_app.assistants.objects import ASSISTANT
from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import AssistantsDep, CursorDep, ObjectsDep, OwnerDep
from serve_app.routes.lists import deleted, listed, page_of
from wire.openai.assistants import (
    AssistantFileRequest,
    AssistantRequest,
    AssistantUpdate,
)

router = APIRouter(route_class=JSONRoute)

Answer = dict[str, Any]


@router.post("/assistants")
async def create_assistant(
    body: AssistantRequest, owner: OwnerDep, assistants: AssistantsDep
) -> Answer:
    """Make an assistant."""
    return (await assistants.create(owner, body)).body


@router.get("/assistants")
async def list_assistants(cursor: CursorDep, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """List the assistants."""
    return page_of(await objects.page(owner, ASSISTANT, cursor))


@router.get("/assistants/{assistant_id}")
async def retrieve_assistant(assistant_id: str, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """Return an assistant."""
    return (await objects.get(owner, ASSISTANT, assistant_id)).body


@router.post("/assistants/{assistant_id}")
async def update_assistant(
    assistant_id: str, body: AssistantUpdate, owner: OwnerDep, assistants: AssistantsDep
) -> Answer:
    """Change what is in the request; the rest stays."""
    return (await assistants.update(owner, assistant_id, body)).body


@router.delete("/assistants/{assistant_id}")
async def delete_assistant(assistant_id: str, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """Forget an assistant. Runs that have begun go on."""
    await objects.delete(owner, ASSISTANT, assistant_id)
    return deleted(assistant_id, ASSISTANT)


@router.post("/assistants/{assistant_id}/files")
async def create_assistant_file(
    assistant_id: str, body: AssistantFileRequest, owner: OwnerDep, assistants: AssistantsDep
) -> Answer:
    """Give an assistant one more file (first version)."""
    return _file((await assistants.add_file(owner, assistant_id, body.file_id)).body, body.file_id)


@router.get("/assistants/{assistant_id}/files")
async def list_assistant_files(assistant_id: str, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """List an assistant's files (first version); there are at most 20."""
    assistant = (await objects.get(owner, ASSISTANT, assistant_id)).body
    return listed([_file(assistant, file_id) for file_id in assistant["file_ids"]])


@router.get("/assistants/{assistant_id}/files/{file_id}")
async def retrieve_assistant_file(
    assistant_id: str, file_id: str, owner: OwnerDep, objects: ObjectsDep
) -> Answer:
    """Return a file of an assistant (first version)."""
    assistant = (await objects.get(owner, ASSISTANT, assistant_id)).body
    check_file(assistant, file_id)
    return _file(assistant, file_id)


@router.delete("/assistants/{assistant_id}/files/{file_id}")
async def delete_assistant_file(
    assistant_id: str, file_id: str, owner: OwnerDep, assistants: AssistantsDep
) -> Answer:
    """Take a file from an assistant (first version); the file itself stays."""
    await assistants.remove_file(owner, assistant_id, file_id)
    return deleted(file_id, "assistant.file")


def _file(assistant: Answer, file_id: str) -> Answer:
    return {
        "id": file_id,
        "object": "assistant.file",
        "created_at": assistant["created_at"],
        "assistant_id": assistant["id"],
    }
