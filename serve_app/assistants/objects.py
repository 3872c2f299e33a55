"""Assistants, threads, messages, runs and steps: how they are created, read and changed."""

from dataclasses import replace
from time import time
from typing import Any

from serve_app.storage.object_rows import StoredObject, store_answer
from wire.answers import Answer
from wire.ids import new_id
from wire.openai.assistants import Assistant
from wire.openai.run_steps import MessageCreationStepDetails, RunStep, ToolCallsStepDetails
from wire.openai.runs import Run
from wire.openai.threads import Thread, ThreadMessage

ASSISTANT = "assistant"
THREAD = "thread"
MESSAGE = "thread.message"
RUN = "thread.run"
STEP = "thread.run.step"

JSONObject = dict[str, Any]

RUN_LIFETIME_S = 600
"""How long a run may take, including the wait for tool outputs: as long as OpenAI's."""

ANSWER_TYPES: dict[str, type[Answer]] = {MESSAGE: ThreadMessage, RUN: Run, STEP: RunStep}

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")
"""Statuses of a run that has exclusive use of its thread."""


def new_assistant(owner: str, fields: JSONObject) -> StoredObject:
    """Return an assistant. ``created`` and ``file_ids`` are those of OpenAI's first version."""
    now = int(time())
    new = {"id": new_id("asst"), "created_at": now, "created": now}
    return store_answer(owner, Assistant.model_validate({**new, **fields}))


def new_thread(owner: str, metadata: dict[str, str], resources: JSONObject) -> StoredObject:
    """Return a thread without messages."""
    new = {"id": new_id("thread"), "created_at": int(time())}
    fields = {"metadata": metadata, "tool_resources": resources}
    return store_answer(owner, Thread.model_validate({**new, **fields}))


def new_message(
    owner: str, thread_id: str, role: str, content: list[JSONObject], **fields: Any
) -> StoredObject:
    """Return a message, which is complete unless ``fields`` contain another status."""
    now = int(time())
    new = {"id": new_id("msg"), "created_at": now, "completed_at": now, "thread_id": thread_id}
    message = ThreadMessage.model_validate({**new, "role": role, "content": content, **fields})
    return store_answer(owner, message, parent_id=thread_id)


def new_run(owner: str, thread_id: str, fields: JSONObject, state: JSONObject) -> StoredObject:
    """Return a run that is queued."""
    now = int(time())
    new = {"id": new_id("run"), "created_at": now, "expires_at": now + RUN_LIFETIME_S}
    run = Run.model_validate({**new, "thread_id": thread_id, **fields})
    return store_answer(owner, run, parent_id=thread_id, state=state)


def new_step(
    run: StoredObject, details: MessageCreationStepDetails | ToolCallsStepDetails
) -> StoredObject:
    """Return a step that is in progress."""
    fields = read_run(run)
    step = RunStep(
        id=new_id("step"),
        created_at=int(time()),
        run_id=run.id,
        assistant_id=fields.assistant_id,
        thread_id=fields.thread_id,
        type=details.type,
        step_details=details,
    )
    return store_answer(run.owner, step, parent_id=run.id)


def read_run(stored: StoredObject) -> Run:
    """Return a stored run as clients see it."""
    return Run.model_validate(stored.body)


def with_fields(stored: StoredObject, **fields: Any) -> StoredObject:
    """Return a message, a run or a step with other values of some fields."""
    changed = ANSWER_TYPES[stored.kind].model_validate({**stored.body, **fields})
    return replace(stored, body=changed.model_dump(mode="json"))


def with_status(stored: StoredObject, status: str, **fields: Any) -> StoredObject:
    """Return a message, a run or a step that has reached a status."""
    return replace(with_fields(stored, status=str(status), **fields), status=status)


def complete(stored: StoredObject, **fields: Any) -> StoredObject:
    """Return a message, a run or a step that is complete."""
    return with_status(stored, "completed", completed_at=int(time()), **fields)
