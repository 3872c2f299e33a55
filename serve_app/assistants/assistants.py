"""Assistants as clients make and change them, in both of OpenAI's versions."""

from collections.abc import Sequence
from typing import Any

from serve_app.assistants.objects import ASSISTANT, new_assistant
from serve_app.assistants.resources import Resources, searches
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from wire.errors import InvalidRequestError, NotFoundError, echo
from wire.openai.assistants import (
    MAX_FILES,
    AssistantFields,
    AssistantRequest,
    AssistantUpdate,
    to_tools,
)

PLAIN = ("name", "description", "instructions", "temperature", "top_p", "reasoning_effort")
"""Fields that are kept as they come."""


class Assistants:
    """The assistants of a database."""

    def __init__(self, objects: ObjectStore, resources: Resources) -> None:
        self._objects = objects
        self._resources = resources

    async def create(self, owner: str, body: AssistantRequest) -> StoredObject:
        """Keep a new assistant.

        Raises:
            InvalidRequestError: its model, a tool, a file or a store is not there.
        """
        await self._resources.check_model(body.model)
        fields = await self._changed(owner, body, {"tools": [], "file_ids": []})
        assistant = new_assistant(owner, {**fields, "model": body.model})
        await self._objects.add(assistant)
        return assistant

    async def update(self, owner: str, assistant_id: str, body: AssistantUpdate) -> StoredObject:
        """Change what of an assistant is in the request.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: its model, a tool, a file or a store is not there.
        """
        before = (await self._objects.get(owner, ASSISTANT, assistant_id)).body
        if body.model is not None:
            await self._resources.check_model(body.model)
        fields = await self._changed(owner, body, before)
        if body.model is not None:
            fields["model"] = body.model
        return await self._objects.merge(owner, ASSISTANT, assistant_id, fields)

    async def add_file(self, owner: str, assistant_id: str, file_id: str) -> StoredObject:
        """Give an assistant one more file, as in the first version.

        Raises:
            NotFoundError: there is no such assistant.
            InvalidRequestError: there is no such file, or it has as many as it may.
        """
        before = (await self._objects.get(owner, ASSISTANT, assistant_id)).body
        ids = list(dict.fromkeys([*before["file_ids"], file_id]))
        if len(ids) > MAX_FILES:
            raise InvalidRequestError(
                f"Invalid 'file_id': assistant '{assistant_id}' has {MAX_FILES} files, and may not "
                "have more.",
                "file_id",
            )
        return await self._with_files(owner, assistant_id, ids, before)

    async def remove_file(self, owner: str, assistant_id: str, file_id: str) -> StoredObject:
        """Take a file from an assistant; the file itself stays.

        Raises:
            NotFoundError: there is no such assistant, or it has no such file.
        """
        before = (await self._objects.get(owner, ASSISTANT, assistant_id)).body
        check_file(before, file_id)
        ids = [each for each in before["file_ids"] if each != file_id]
        return await self._with_files(owner, assistant_id, ids, before)

    async def _with_files(
        self, owner: str, assistant_id: str, ids: Sequence[str], before: dict[str, Any]
    ) -> StoredObject:
        fields = await self._changed(owner, AssistantUpdate(file_ids=list(ids)), before)
        return await self._objects.merge(owner, ASSISTANT, assistant_id, fields)

    async def _changed(
        self, owner: str, body: AssistantFields, before: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the fields that the request sets, as they are kept."""
        sent = body.model_fields_set
        fields: dict[str, Any] = {name: getattr(body, name) for name in PLAIN if name in sent}
        if "metadata" in sent:
            fields["metadata"] = body.metadata or {}
        if "response_format" in sent:
            fields["response_format"] = body.response_format or "auto"
        if "tools" in sent:
            self._resources.check_tools(body.tools or ())
            fields["tools"] = to_tools(body.tools)
        if "file_ids" in sent:
            fields["file_ids"] = body.file_ids or []
        if sent & {"tools", "file_ids", "tool_resources"}:
            now = {**before, **fields}
            looked_into = now["file_ids"] if searches(now["tools"]) else ()
            if "file_ids" in sent:
                await self._resources.check_files(owner, now["file_ids"], "file_ids")
            if "tool_resources" in sent or looked_into:
                fields["tool_resources"] = await self._resources.create_stores(
                    owner, body.tool_resources, file_ids=looked_into
                )
        return fields


def check_file(assistant: dict[str, Any], file_id: str) -> None:
    """Refuse a file that is not the assistant's.

    Raises:
        NotFoundError: it has none of this id.
    """
    if file_id not in assistant["file_ids"]:
        raise NotFoundError(
            f"No file found with id {echo(file_id)} in assistant '{assistant['id']}'."
        )
