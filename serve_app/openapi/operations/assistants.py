"""Assistants, threads, messages and runs."""

from typing import Any

from serve_app.openapi.operation import EVENTS, JSON, Events, Operation
from serve_app.openapi.operations.chat import FUNCTION, QUESTION, WEATHER
from serve_app.routes import assistants, runs, threads
from wire.openai.assistants import (
    Assistant,
    AssistantDeleted,
    AssistantFile,
    AssistantFileDeleted,
    AssistantFileList,
    AssistantList,
)
from wire.openai.run_events import AssistantStreamEvent
from wire.openai.run_steps import RunStep, RunStepList
from wire.openai.runs import Run, RunList
from wire.openai.threads import (
    Thread,
    ThreadDeleted,
    ThreadMessage,
    ThreadMessageDeleted,
    ThreadMessageList,
)

ASSISTANT_ID = "asst_0123456789abcdef"
SAID = {"role": "user", "content": QUESTION}
TOOL: dict[str, Any] = {"type": "function", "function": FUNCTION}
LABELS = {"labels": {"metadata": {"topic": "geography"}}}

_ASSISTANT = {JSON: Assistant}
_THREAD = {JSON: Thread}
_MESSAGE = {JSON: ThreadMessage}
_RUN = {JSON: Run}
_RUN_OR_EVENTS = {**_RUN, EVENTS: Events(AssistantStreamEvent, ends_with_done=True)}


def _of_assistants(endpoint: Any, content: Any, **more: Any) -> Operation:
    return Operation(
        endpoint=endpoint, tag="assistants", uses_database=True, answers=content, **more
    )


def _of_threads(endpoint: Any, content: Any, **more: Any) -> Operation:
    return Operation(endpoint=endpoint, tag="threads", uses_database=True, answers=content, **more)


OPERATIONS = (
    _of_assistants(
        assistants.create_assistant,
        _ASSISTANT,
        examples={
            "plain": {
                "model": "gpt-4o",
                "name": "Geographer",
                "instructions": "Answer in one sentence.",
                "temperature": 0.2,
                "metadata": {"topic": "geography"},
            },
            "functions": {"model": "gpt-4o", "tools": [TOOL]},
            "files": {
                "model": "gpt-4o",
                "tools": [{"type": "file_search", "file_search": {"max_num_results": 5}}],
                "tool_resources": {"file_search": {"vector_stores": [{"file_ids": []}]}},
            },
            "first version": {
                "model": "gpt-4o",
                "tools": [{"type": "retrieval"}],
                "file_ids": [],
            },
        },
    ),
    _of_assistants(assistants.list_assistants, {JSON: AssistantList}),
    _of_assistants(assistants.retrieve_assistant, _ASSISTANT),
    _of_assistants(
        assistants.update_assistant,
        _ASSISTANT,
        examples={"instructions": {"instructions": "Answer in two sentences."}},
    ),
    _of_assistants(assistants.delete_assistant, {JSON: AssistantDeleted}),
    _of_assistants(
        assistants.create_assistant_file,
        {JSON: AssistantFile},
        examples={"file": {"file_id": "file-0123456789abcdef"}},
    ),
    _of_assistants(assistants.list_assistant_files, {JSON: AssistantFileList}),
    _of_assistants(assistants.retrieve_assistant_file, {JSON: AssistantFile}),
    _of_assistants(assistants.delete_assistant_file, {JSON: AssistantFileDeleted}),
    _of_threads(
        threads.create_thread,
        _THREAD,
        examples={
            "empty": {},
            "messages": {
                "messages": [SAID, {"role": "assistant", "content": "Paris."}],
                "metadata": {"topic": "geography"},
            },
        },
    ),
    _of_threads(threads.retrieve_thread, _THREAD),
    _of_threads(threads.update_thread, _THREAD, examples=LABELS),
    _of_threads(threads.delete_thread, {JSON: ThreadDeleted}),
    _of_threads(
        threads.create_message,
        _MESSAGE,
        name="create_thread_message",
        examples={
            "text": SAID,
            "picture": {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_file", "image_file": {"file_id": "file-0123456789abcdef"}},
                ],
            },
            "file": {
                **SAID,
                "attachments": [
                    {"file_id": "file-0123456789abcdef", "tools": [{"type": "file_search"}]}
                ],
            },
        },
    ),
    _of_threads(
        threads.list_messages,
        {JSON: ThreadMessageList},
        name="list_thread_messages",
    ),
    _of_threads(threads.retrieve_message, _MESSAGE, name="retrieve_thread_message"),
    _of_threads(threads.update_message, _MESSAGE, name="update_thread_message", examples=LABELS),
    _of_threads(
        threads.delete_message,
        {JSON: ThreadMessageDeleted},
        name="delete_thread_message",
        errors=(400,),
    ),
    _of_threads(
        runs.create_thread_and_run,
        _RUN_OR_EVENTS,
        examples={
            "question": {"assistant_id": ASSISTANT_ID, "thread": {"messages": [SAID]}},
            "stream": {
                "assistant_id": ASSISTANT_ID,
                "thread": {"messages": [SAID]},
                "stream": True,
            },
        },
    ),
    _of_threads(
        runs.create_run,
        _RUN_OR_EVENTS,
        examples={
            "plain": {"assistant_id": ASSISTANT_ID},
            "stream": {"assistant_id": ASSISTANT_ID, "stream": True},
            "forced function": {
                "assistant_id": ASSISTANT_ID,
                "tools": [TOOL],
                "tool_choice": {"type": "function", "function": {"name": FUNCTION["name"]}},
                "additional_messages": [{"role": "user", "content": WEATHER}],
            },
            "limits": {
                "assistant_id": ASSISTANT_ID,
                "max_prompt_tokens": 1000,
                "max_completion_tokens": 256,
                "truncation_strategy": {"type": "last_messages", "last_messages": 10},
                "response_format": {"type": "json_object"},
            },
        },
    ),
    _of_threads(runs.list_runs, {JSON: RunList}),
    _of_threads(runs.retrieve_run, _RUN),
    _of_threads(runs.update_run, _RUN, examples=LABELS),
    _of_threads(runs.cancel_run, _RUN, errors=(400,)),
    _of_threads(
        runs.submit_tool_outputs,
        _RUN_OR_EVENTS,
        examples={
            "outputs": {"tool_outputs": [{"tool_call_id": "call_0", "output": "sunny"}]},
            "stream": {
                "tool_outputs": [{"tool_call_id": "call_0", "output": "sunny"}],
                "stream": True,
            },
        },
    ),
    _of_threads(runs.list_run_steps, {JSON: RunStepList}),
    _of_threads(runs.retrieve_run_step, {JSON: RunStep}),
)
