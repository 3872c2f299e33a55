"""/v1/assistants: a model with instructions, tools and files, under one id."""

from fastapi import APIRouter, Response

from serve_app.assistants.assistants import check_file
from serve_app.assistants.objects import ASSISTANT
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import AssistantsDep, CursorDep, ObjectsDep, OwnerDep, ShowDep
from serve_app.routes.lists import stored_page
from wire.openai.assistants import (
    Assistant,
    AssistantDeleted,
    AssistantFile,
    AssistantFileDeleted,
    AssistantFileList,
    AssistantFileRequest,
    AssistantRequest,
    AssistantUpdate,
)

router = APIRouter(route_class=JSONRoute)


@router.post("/assistants")
async def create_assistant(
    body: AssistantRequest, owner: OwnerDep, assistants: AssistantsDep, show: ShowDep
) -> Response:
    """Create an assistant."""
    return json_response(show((await assistants.create(owner, body)).body))


@router.get("/assistants")
async def list_assistants(
    cursor: CursorDep, owner: OwnerDep, objects: ObjectsDep, show: ShowDep
) -> Response:
    """List the assistants."""
    return json_response(stored_page(await objects.page(owner, ASSISTANT, cursor), show))


@router.get("/assistants/{assistant_id}")
async def retrieve_assistant(
    assistant_id: str, owner: OwnerDep, objects: ObjectsDep, show: ShowDep
) -> Response:
    """Return an assistant."""
    return json_response(show((await objects.get(owner, ASSISTANT, assistant_id)).body))


@router.post("/assistants/{assistant_id}")
async def update_assistant(
    assistant_id: str,
    body: AssistantUpdate,
    owner: OwnerDep,
    assistants: AssistantsDep,
    show: ShowDep,
) -> Response:
    """Change the fields in the request."""
    return json_response(show((await assistants.update(owner, assistant_id, body)).body))


@router.delete("/assistants/{assistant_id}")
async def delete_assistant(assistant_id: str, owner: OwnerDep, objects: ObjectsDep) -> Response:
    """Delete an assistant. Runs that have begun continue."""
    await objects.delete(owner, ASSISTANT, assistant_id)
    return json_response(AssistantDeleted(id=assistant_id))


@router.post("/assistants/{assistant_id}/files")
async def create_assistant_file(
    assistant_id: str, body: AssistantFileRequest, owner: OwnerDep, assistants: AssistantsDep
) -> Response:
    """Attach one more file to an assistant (first version)."""
    stored = await assistants.add_file(owner, assistant_id, body.file_id)
    return json_response(_file(Assistant.model_validate(stored.body), body.file_id))


@router.get("/assistants/{assistant_id}/files")
async def list_assistant_files(
    assistant_id: str, owner: OwnerDep, assistants: AssistantsDep
) -> Response:
    """List an assistant's files (first version); there are at most 20."""
    assistant = await assistants.get(owner, assistant_id)
    files = [_file(assistant, file_id) for file_id in assistant.file_ids]
    return json_response(AssistantFileList.of(files))


@router.get("/assistants/{assistant_id}/files/{file_id}")
async def retrieve_assistant_file(
    assistant_id: str, file_id: str, owner: OwnerDep, assistants: AssistantsDep
) -> Response:
    """Return a file of an assistant (first version)."""
    assistant = await assistants.get(owner, assistant_id)
    check_file(assistant, file_id)
    return json_response(_file(assistant, file_id))


@router.delete("/assistants/{assistant_id}/files/{file_id}")
async def delete_assistant_file(
    assistant_id: str, file_id: str, owner: OwnerDep, assistants: AssistantsDep
) -> Response:
    """Detach a file from an assistant (first version); the file itself remains."""
    await assistants.remove_file(owner, assistant_id, file_id)
    return json_response(AssistantFileDeleted(id=file_id))


def _file(assistant: Assistant, file_id: str) -> AssistantFile:
    return AssistantFile(id=file_id, created_at=assistant.created_at, assistant_id=assistant.id)
