"""New assistants, threads, messages, runs and steps, with every field that OpenAI's have.

Knows nothing of how they are kept or worked on.
"""

from collections.abc import Mapping
from time import time
from typing import Any

from serve_app.storage.object_rows import StoredObject
from wire.ids import new_id

ASSISTANT = "assistant"
THREAD = "thread"
MESSAGE = "thread.message"
RUN = "thread.run"
STEP = "thread.run.step"

Body = dict[str, Any]

RUN_LIVES_S = 600
"""How long a run may take, waiting for tool outputs included: as long as OpenAI's."""

NO_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")
"""Statuses of a run that has its thread for itself."""


def new_assistant(owner: str, fields: Mapping[str, Any]) -> StoredObject:
    """Return an assistant. ``created`` and ``file_ids`` are those of OpenAI's first version."""
    now = int(time())
    body: Body = {
        "id": new_id("asst"),
        "object": ASSISTANT,
        "created_at": now,
        "created": now,
        "name": None,
        "description": None,
        "instructions": None,
        "tools": [],
        "tool_resources": {},
        "file_ids": [],
        "metadata": {},
        "temperature": None,
        "top_p": None,
        "response_format": "auto",
        **fields,
    }
    return _new(owner, body)


def new_thread(owner: str, metadata: dict[str, str], resources: Body) -> StoredObject:
    """Return a thread without messages."""
    now = int(time())
    body: Body = {
        "id": new_id("thread"),
        "object": THREAD,
        "created_at": now,
        "metadata": metadata,
        "tool_resources": resources,
    }
    return _new(owner, body)


def new_message(
    owner: str, thread_id: str, role: str, content: list[Body], **fields: Any
) -> StoredObject:
    """Return a message; it is complete unless ``fields`` say otherwise."""
    now = int(time())
    body: Body = {
        "id": new_id("msg"),
        "object": MESSAGE,
        "created_at": now,
        "thread_id": thread_id,
        "status": "completed",
        "incomplete_details": None,
        "completed_at": now,
        "incomplete_at": None,
        "role": role,
        "content": content,
        "assistant_id": None,
        "run_id": None,
        "attachments": [],
        "metadata": {},
        **fields,
    }
    return _new(owner, body, parent_id=thread_id)


def new_run(owner: str, thread_id: str, fields: Body, state: Body) -> StoredObject:
    """Return a run that waits to be begun."""
    now = int(time())
    body: Body = {
        "id": new_id("run"),
        "object": RUN,
        "created_at": now,
        "thread_id": thread_id,
        "status": "queued",
        "required_action": None,
        "last_error": None,
        "expires_at": now + RUN_LIVES_S,
        "started_at": None,
        "cancelled_at": None,
        "failed_at": None,
        "completed_at": None,
        "incomplete_details": None,
        "usage": None,
        **fields,
    }
    return _new(owner, body, parent_id=thread_id, state=state)


def new_step(run: StoredObject, step_type: str, details: Body | list[Body]) -> StoredObject:
    """Return a step of a run that has begun."""
    now = int(time())
    body: Body = {
        "id": new_id("step"),
        "object": STEP,
        "created_at": now,
        "run_id": run.id,
        "assistant_id": run.body["assistant_id"],
        "thread_id": run.body["thread_id"],
        "type": step_type,
        "status": "in_progress",
        "cancelled_at": None,
        "completed_at": None,
        "expired_at": None,
        "failed_at": None,
        "last_error": None,
        "metadata": {},
        "step_details": {"type": step_type, step_type: details},
        "usage": None,
    }
    return _new(run.owner, body, parent_id=run.id)


def _new(
    owner: str, body: Body, *, parent_id: str | None = None, state: Body | None = None
) -> StoredObject:
    """Return an object whose columns say what its body does."""
    return StoredObject(
        id=body["id"],
        kind=body["object"],
        owner=owner,
        body=body,
        parent_id=parent_id,
        status=body.get("status"),
        state=state,
        created_at=body["created_at"],
    )
