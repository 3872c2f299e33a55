"""Assistants: created, changed and given files, in both of OpenAI's versions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from serve_app.assistants.objects import ASSISTANT, new_assistant
from serve_app.assistants.resources import Resources, has_search
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from wire.errors import InvalidRequestError, NotFoundError, echo
from wire.limits import MAX_ASSISTANT_FILES
from wire.openai.assistants import (
    Assistant,
    AssistantFields,
    AssistantRequest,
    AssistantUpdate,
    check_schemas,
    to_format,
    to_tools,
)

PLAIN = ("name", "description", "instructions", "temperature", "top_p", "reasoning_effort")
"""Fields that are stored as they are sent."""


class Assistants:
    """The assistants of a database."""

    def __init__(self, objects: ObjectStore, resources: Resources) -> None:
        self._objects = objects
        self._resources = resources

    async def create(self, owner: str, body: AssistantRequest) -> StoredObject:
        """Store a new assistant.

        Raises:
            InvalidRequestError: its model, a tool, a file or a store is not there.
        """
        await self._resources.check_model(body.model)
        fields = await self._read_fields(owner, body, None)
        assistant = new_assistant(owner, {**fields, "model": body.model})
        await self._objects.add(assistant)
        return assistant

    async def get(self, owner: str, assistant_id: str) -> Assistant:
        """Return an assistant.

        Raises:
            NotFoundError: there is none.
        """
        stored = await self._objects.get(owner, ASSISTANT, assistant_id)
        return Assistant.model_validate(stored.body)

    async def update(self, owner: str, assistant_id: str, body: AssistantUpdate) -> StoredObject:
        """Change the fields of an assistant that are in the request.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: its model, a tool, a file or a store is not there.
        """
        before = await self.get(owner, assistant_id)
        if body.model is not None:
            await self._resources.check_model(body.model)
        fields = await self._read_fields(owner, body, before)
        if body.model is not None:
            fields["model"] = body.model
        return await self._change(owner, assistant_id, fields)

    async def add_file(self, owner: str, assistant_id: str, file_id: str) -> StoredObject:
        """Attach one more file to an assistant, as in the first version.

        Raises:
            NotFoundError: there is no such assistant.
            InvalidRequestError: there is no such file, or the limit is reached.
        """
        before = await self.get(owner, assistant_id)
        ids = list(dict.fromkeys([*before.file_ids, file_id]))
        if len(ids) > MAX_ASSISTANT_FILES:
            raise InvalidRequestError(
                f"Invalid 'file_id': assistant '{assistant_id}' has {MAX_ASSISTANT_FILES} files, "
                "and may not have more.",
                "file_id",
            )
        return await self._set_files(owner, assistant_id, ids, before)

    async def remove_file(self, owner: str, assistant_id: str, file_id: str) -> StoredObject:
        """Detach a file from an assistant; the file itself remains.

        Raises:
            NotFoundError: there is no such assistant, or it has no such file.
        """
        before = await self.get(owner, assistant_id)
        check_file(before, file_id)
        ids = [each for each in before.file_ids if each != file_id]
        return await self._set_files(owner, assistant_id, ids, before)

    async def _set_files(
        self, owner: str, assistant_id: str, ids: Sequence[str], before: Assistant
    ) -> StoredObject:
        fields = await self._read_fields(owner, AssistantUpdate(file_ids=list(ids)), before)
        return await self._change(owner, assistant_id, fields)

    async def _change(self, owner: str, assistant_id: str, fields: dict[str, Any]) -> StoredObject:
        def change(stored: StoredObject) -> StoredObject:
            changed = Assistant.model_validate({**stored.body, **fields})
            return replace(stored, body=changed.model_dump(mode="json"))

        return await self._objects.change(owner, ASSISTANT, assistant_id, change)

    async def _read_fields(
        self, owner: str, body: AssistantFields, before: Assistant | None
    ) -> dict[str, Any]:
        """Return the fields that the request sets, as they are stored."""
        await self._resources.checks.run(
            lambda: check_schemas(body.tools, body.response_format), owner
        )
        sent = body.model_fields_set
        fields: dict[str, Any] = {name: getattr(body, name) for name in PLAIN if name in sent}
        if "metadata" in sent:
            fields["metadata"] = body.metadata or {}
        if "response_format" in sent:
            fields["response_format"] = to_format(body.response_format)
        if "tools" in sent:
            self._resources.check_tools(body.tools or ())
            fields["tools"] = to_tools(body.tools)
        if "file_ids" in sent:
            fields["file_ids"] = body.file_ids or []
        if sent & {"tools", "file_ids", "tool_resources"}:
            tools = [tool.type for tool in body.tools or ()] if "tools" in sent else None
            if tools is None:
                tools = [tool.type for tool in before.tools] if before else []
            file_ids = fields.get("file_ids", before.file_ids if before else [])
            searched = file_ids if has_search(tools) else ()
            if "file_ids" in sent:
                await self._resources.check_files(owner, file_ids, "file_ids")
            if "tool_resources" in sent or searched:
                fields["tool_resources"] = await self._resources.create_stores(
                    owner, body.tool_resources, file_ids=searched
                )
        return fields


def check_file(assistant: Assistant, file_id: str) -> None:
    """Refuse a file that is not attached to the assistant.

    Raises:
        NotFoundError: it is not.
    """
    if file_id not in assistant.file_ids:
        raise NotFoundError(f"No file found with id {echo(file_id)} in assistant '{assistant.id}'.")
