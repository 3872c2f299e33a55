"""Threads and their messages. While a run is active, its thread cannot be changed."""

from collections.abc import Sequence
from typing import Any

from serve_app.assistants.objects import ACTIVE, MESSAGE, RUN, THREAD, new_message
from serve_app.assistants.objects import new_thread as thread_object
from serve_app.assistants.resources import (
    THREAD_STORE_DAYS,
    Resources,
    attachments,
)
from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from wire.errors import InvalidRequestError
from wire.openai.threads import MessageRequest, ThreadRequest, ThreadUpdate, as_content


class Threads:
    """The threads of a database."""

    def __init__(self, database: Database, resources: Resources) -> None:
        self.objects = ObjectStore(database)
        self.resources = resources
        self._database = database

    async def prepare(
        self, owner: str, body: ThreadRequest | None, path: str = ""
    ) -> tuple[StoredObject, list[StoredObject]]:
        """Return a new thread and its first messages, not stored yet; ``path`` leads to it.

        Raises:
            InvalidRequestError: it refers to something that does not exist.
        """
        body = body or ThreadRequest()
        messages = body.messages or []
        await self.resources.check_messages(owner, by_path(messages, f"{path}messages"))
        made = await self.resources.create_stores(
            owner, body.tool_resources, expires_days=THREAD_STORE_DAYS
        )
        made = await self.resources.attach(owner, made, messages)
        thread = thread_object(owner, body.metadata or {}, made)
        return thread, [_message(owner, thread.id, each) for each in messages]

    async def create(self, owner: str, body: ThreadRequest | None) -> StoredObject:
        """Store a new thread with its first messages."""
        thread, messages = await self.prepare(owner, body)
        await self.objects.add(thread, *messages)
        return thread

    async def update(self, owner: str, thread_id: str, body: ThreadUpdate) -> StoredObject:
        """Change the fields of a thread that are in the request.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: it refers to something that does not exist.
        """
        fields: dict[str, Any] = {}
        if "metadata" in body.model_fields_set:
            fields["metadata"] = body.metadata or {}
        if "tool_resources" in body.model_fields_set:
            await self.objects.get(owner, THREAD, thread_id)
            fields["tool_resources"] = await self.resources.create_stores(
                owner, body.tool_resources, expires_days=THREAD_STORE_DAYS
            )
        return await self.objects.merge(owner, THREAD, thread_id, fields)

    async def add_message(self, owner: str, thread_id: str, body: MessageRequest) -> StoredObject:
        """Add a message at the end of a thread.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: a run is active on it, or a file does not exist.
        """
        await self.resources.check_messages(owner, {"": body})
        attached = await self.find_attached(owner, thread_id, [body])
        message = _message(owner, thread_id, body)
        async with self._database.transaction():
            await self.lock(owner, thread_id, "Messages cannot be added")
            await self.attach(owner, thread_id, attached)
            await self.objects.add(message)
        return message

    async def delete_message(self, owner: str, thread_id: str, message_id: str) -> None:
        """Delete a message.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: a run is active on the thread.
        """
        async with self._database.transaction():
            await self.lock(owner, thread_id, "Messages cannot be deleted")
            await self.objects.delete(owner, MESSAGE, message_id, thread_id)

    async def find_attached(
        self, owner: str, thread_id: str, messages: Sequence[MessageRequest]
    ) -> dict[str, Any] | None:
        """Return a thread's resources with the messages' files; None if there are none.

        Raises:
            NotFoundError: there is no such thread.
            InvalidRequestError: there are too many files.
        """
        thread = await self.objects.get(owner, THREAD, thread_id)
        before = thread.body["tool_resources"]
        after = await self.resources.attach(owner, before, messages)
        return None if after is before else after

    async def attach(self, owner: str, thread_id: str, resources: dict[str, Any] | None) -> None:
        """Set a thread's resources, if there are any."""
        if resources is not None:
            await self.objects.merge(owner, THREAD, thread_id, {"tool_resources": resources})

    async def lock(self, owner: str, thread_id: str, what: str) -> StoredObject:
        """Lock a thread, so that no run begins on it in the caller's transaction; return it.

        Raises:
            NotFoundError: there is none.
            InvalidRequestError: a run is active; ``what`` names what cannot be done.
        """
        thread = await self.objects.lock(owner, THREAD, thread_id)
        active = await self.objects.all(owner, RUN, thread_id, ACTIVE)
        if active:
            raise InvalidRequestError(
                f"{what} to thread '{thread_id}' while run '{active[0].id}' is active on it "
                f"(status '{active[0].status}').",
                "thread_id",
            )
        return thread


def by_path(messages: Sequence[MessageRequest], name: str) -> dict[str, MessageRequest]:
    """Return a request's messages by the beginnings of their parameters' paths."""
    return {f"{name}[{index}].": message for index, message in enumerate(messages)}


def _message(owner: str, thread_id: str, body: MessageRequest) -> StoredObject:
    return new_message(
        owner,
        thread_id,
        body.role,
        as_content(body.content),
        attachments=attachments(body),
        metadata=body.metadata or {},
    )


def new_messages(
    owner: str, thread_id: str, bodies: Sequence[MessageRequest]
) -> list[StoredObject]:
    """Return the messages that are sent with a run, not stored yet."""
    return [_message(owner, thread_id, body) for body in bodies]
