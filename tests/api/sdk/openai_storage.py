"""Calls of OpenAI's SDK on stored objects."""

import json
from typing import Any

from openai import AssistantEventHandler, omit

from tests.api.sdk.model import FUNCTION, WAITING
from tests.api.sdk.openai_inference import MESSAGES, SCHEMA
from tests.support.sdk_calls import Calls, Fresh, beside

LIFE: Any = {"anchor": "created_at", "seconds": 3600}
LAST_ACTIVE: Any = {"anchor": "last_active_at", "days": 1}
CHUNKING: Any = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 20},
}
PAGES: dict[str, Any] = {"limit": 1, "order": "asc"}
POLL: dict[str, Any] = {"poll_interval_ms": 10}
TEXT = ("a.txt", b"The whale lives in the sea.", "text/plain")
JSON_SCHEMA: Any = {"type": "json_schema", "json_schema": {"name": "word", "schema": SCHEMA}}


def upload(call: Calls, purpose: Any = "assistants", file: Any = TEXT) -> str:
    """Upload a file and return its id."""
    return call.client.files.create(file=file, purpose=purpose).id


def call_files(call: Calls) -> None:
    """Call files and uploads."""
    file = call("files.create", {"expires_after": LIFE}, file=TEXT, purpose="assistants").id
    call("files.list", {**PAGES, "after": file, "purpose": "assistants"})
    call("files.retrieve", file_id=file)
    call("files.content", file_id=file)
    call("files.retrieve_content", file_id=file)
    call("files.wait_for_processing", {"poll_interval": 0.01, "max_wait_seconds": 1}, id=file)
    call("files.delete", file_id=file)

    new: dict[str, Any] = {
        "filename": "a.txt",
        "bytes": 4,
        "mime_type": "text/plain",
        "purpose": "assistants",
    }
    started = call("uploads.create", {"expires_after": LIFE}, **new)
    part = call("uploads.parts.create", upload_id=started.id, data=b"text")
    call("uploads.complete", upload_id=started.id, part_ids=[part.id])
    second = call.client.uploads.create(**new)
    part = call.client.uploads.parts.create(second.id, data=b"text")
    md5 = "1cb251ec0d568de6a929b520c4aed8d1"
    call("uploads.complete", upload_id=second.id, part_ids=[part.id], md5=md5)
    call("uploads.cancel", upload_id=call.client.uploads.create(**new).id)
    of_file = {"mime_type": "text/plain", "purpose": "assistants"}
    call(
        "uploads.upload_file_chunked",
        {"part_size": 2, "md5": md5},
        **of_file,
        file=b"text",
        filename="a.txt",
        bytes=4,
    )


def call_vector_stores(call: Calls) -> None:
    """Call vector stores, their files and their batches."""
    file, other, third = (upload(call) for _ in range(3))
    store = call(
        "vector_stores.create",
        {
            "chunking_strategy": beside(CHUNKING, file_ids=[file]),
            "description": "Animals",
            "expires_after": LAST_ACTIVE,
            "file_ids": [file],
            "metadata": {"a": "b"},
            "name": "animals",
        },
    ).id
    of_store: dict[str, Any] = {"vector_store_id": store}
    call("vector_stores.list", {**PAGES, "after": store, "before": store})
    call("vector_stores.retrieve", **of_store)
    changes = {"expires_after": LAST_ACTIVE, "metadata": {"c": "d"}, "name": "whales"}
    call("vector_stores.update", changes, **of_store)

    more: dict[str, Any] = {"attributes": {"a": "b"}, "chunking_strategy": CHUNKING}
    polling: dict[str, Any] = {**POLL, "max_wait_seconds": 10}
    call("vector_stores.files.create", more, **of_store, file_id=file)
    call("vector_stores.files.create_and_poll", more, **polling, **of_store, file_id=file)
    call("vector_stores.files.upload", {"chunking_strategy": CHUNKING}, **of_store, file=TEXT)
    call("vector_stores.files.upload_and_poll", more, **polling, **of_store, file=TEXT)
    of_file = {**of_store, "file_id": file}
    call("vector_stores.files.poll", **polling, **of_file)
    call("vector_stores.files.retrieve", **of_file)
    call("vector_stores.files.content", **of_file)
    call("vector_stores.files.update", **of_file, attributes={"c": "d"})
    pages = {**PAGES, "after": file, "before": file, "filter": "completed"}
    call("vector_stores.files.list", pages, **of_store)

    batches = {**more, "files": beside([{"file_id": other}], file_ids=omit)}
    some: dict[str, Any] = {**of_store, "file_ids": [other]}
    call(
        "vector_stores.file_batches.create",
        batches,
        **of_store,
        file_ids=[other],
    )
    batch = call("vector_stores.file_batches.create_and_poll", batches, **POLL, **some).id
    call(
        "vector_stores.file_batches.upload_and_poll",
        {"chunking_strategy": CHUNKING, "file_ids": [third], "max_concurrency": 1},
        **POLL,
        **of_store,
        files=Fresh(lambda: [TEXT]),
    )
    of_batch = {**of_store, "batch_id": batch}
    call("vector_stores.file_batches.poll", **POLL, **of_batch)
    call("vector_stores.file_batches.retrieve", **of_batch)
    call("vector_stores.file_batches.list_files", {**pages, "after": other}, **of_batch)
    waiting = upload(call, file=("b.txt", WAITING.encode(), "text/plain"))
    started = call.client.vector_stores.file_batches.create(store, file_ids=[waiting]).id
    call("vector_stores.file_batches.cancel", **of_store, batch_id=started)

    call(
        "vector_stores.search",
        {
            "filters": {"type": "eq", "key": "a", "value": "b"},
            "max_num_results": 2,
            "ranking_options": {"ranker": "auto", "score_threshold": 0.1},
            "rewrite_query": False,
        },
        **of_store,
        query="whale",
    )
    call("vector_stores.files.delete", **of_file)
    call("vector_stores.delete", **of_store)


def call_batches(call: Calls) -> None:
    """Call batches."""
    body = {"model": "small", "messages": [{"role": "user", "content": WAITING}]}
    line = {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": body}
    file = upload(call, "batch", ("in.jsonl", json.dumps(line).encode(), "application/jsonl"))
    batch = call(
        "batches.create",
        {"metadata": {"a": "b"}, "output_expires_after": LIFE},
        completion_window="24h",
        endpoint="/v1/chat/completions",
        input_file_id=file,
    ).id
    call("batches.list", {"after": batch, "limit": 1})
    call("batches.retrieve", batch_id=batch)
    call("batches.cancel", batch_id=batch)


ASSISTANT: dict[str, Any] = {
    "description": "A helper",
    "instructions": "Be short.",
    "metadata": {"a": "b"},
    "name": "Helper",
    "reasoning_effort": "low",
    "response_format": JSON_SCHEMA,
    "temperature": 0.5,
    "tool_resources": {"file_search": {"vector_store_ids": []}},
    "tools": [{"type": "file_search"}],
    "top_p": 0.5,
}
RUN: dict[str, Any] = {
    "instructions": "Be short.",
    "max_completion_tokens": 300,
    "max_prompt_tokens": 300,
    "metadata": {"a": "b"},
    "model": "small",
    "parallel_tool_calls": True,
    "response_format": JSON_SCHEMA,
    "temperature": 0.5,
    "tool_choice": "none",
    "tools": [FUNCTION],
    "top_p": 0.5,
    "truncation_strategy": {"type": "auto"},
}
MORE_OF_RUN: dict[str, Any] = {
    "additional_instructions": "Be kind.",
    "additional_messages": [{"role": "user", "content": "Please."}],
    "reasoning_effort": "low",
}
HANDLER: dict[str, Any] = {"event_handler": Fresh(AssistantEventHandler)}
INCLUDE: Any = ["step_details.tool_calls[*].file_search.results[*].content"]


def call_assistants(call: Calls) -> None:
    """Call assistants, threads and messages."""
    assistant = call("beta.assistants.create", ASSISTANT, model="small").id
    of_assistant = {"assistant_id": assistant}
    call("beta.assistants.list", {**PAGES, "after": assistant, "before": assistant})
    call("beta.assistants.retrieve", **of_assistant)
    call("beta.assistants.update", {**ASSISTANT, "model": "small"}, **of_assistant)

    resources = {"code_interpreter": {"file_ids": [upload(call)]}}
    changes: dict[str, Any] = {"metadata": {"a": "b"}, "tool_resources": resources}
    thread = call("beta.threads.create", {**changes, "messages": MESSAGES}).id
    of_thread = {"thread_id": thread}
    call("beta.threads.retrieve", **of_thread)
    call("beta.threads.update", changes, **of_thread)
    attachments = [{"file_id": upload(call), "tools": [{"type": "file_search"}]}]
    message = call(
        "beta.threads.messages.create",
        {"attachments": attachments, "metadata": {"a": "b"}},
        **of_thread,
        role="user",
        content="Hello",
    ).id
    of_message = {**of_thread, "message_id": message}
    call("beta.threads.messages.retrieve", **of_message)
    call("beta.threads.messages.update", **of_message, metadata={"a": "b"})
    pages = {**PAGES, "after": message, "before": message, "run_id": "run_1"}
    call("beta.threads.messages.list", pages, **of_thread)
    call("beta.threads.messages.delete", **of_message)
    call("beta.threads.delete", **of_thread)
    call("beta.assistants.delete", **of_assistant)


def call_runs(call: Calls) -> None:
    """Call runs and their steps."""
    threads = call.client.beta.threads
    assistant = {"assistant_id": call.client.beta.assistants.create(model="small").id}
    begin: dict[str, Any] = {"thread_id": Fresh(lambda: threads.create(messages=MESSAGES).id)}
    run = {**RUN, **MORE_OF_RUN, "include": INCLUDE}
    streamed = {name: run[name] for name in run if name != "include"}
    call("beta.threads.runs.create", {**run, "stream": True}, **assistant, **begin)
    call("beta.threads.runs.create_and_poll", run, **POLL, **assistant, **begin)
    call("beta.threads.runs.create_and_stream", {**streamed, **HANDLER}, **assistant, **begin)
    call("beta.threads.runs.stream", {**run, **HANDLER}, **assistant, **begin)
    new = {**RUN, "tool_resources": {"file_search": {"vector_store_ids": []}}}
    begin = {"thread": {"messages": MESSAGES}}
    call("beta.threads.create_and_run", {**new, "stream": True}, **assistant, **begin)
    call("beta.threads.create_and_run_poll", new, **POLL, **assistant, **begin)
    call("beta.threads.create_and_run_stream", {**new, **HANDLER}, **assistant, **begin)

    def wait_for_call() -> dict[str, str]:
        """Return a new run that waits for the output of a function."""
        thread = threads.create(messages=MESSAGES).id
        waiting = threads.runs.create_and_poll(
            **assistant, thread_id=thread, tools=[FUNCTION], poll_interval_ms=10
        )
        assert waiting.status == "requires_action"
        return {"run_id": waiting.id, "thread_id": thread}

    outputs: Any = [{"tool_call_id": "call_0", "output": "1"}]
    submit = "beta.threads.runs.submit_tool_outputs"
    call(submit, **wait_for_call(), tool_outputs=outputs)
    call(submit, **wait_for_call(), tool_outputs=outputs, stream=True)
    call(f"{submit}_and_poll", **wait_for_call(), tool_outputs=outputs, **POLL)
    call(f"{submit}_stream", **wait_for_call(), tool_outputs=outputs, **HANDLER)

    of_run = wait_for_call()
    call("beta.threads.runs.poll", **POLL, **of_run)
    call("beta.threads.runs.retrieve", **of_run)
    call("beta.threads.runs.update", **of_run, metadata={"a": "b"})
    pages = {**PAGES, "after": of_run["run_id"], "before": of_run["run_id"]}
    call("beta.threads.runs.list", pages, thread_id=of_run["thread_id"])
    steps = call("beta.threads.runs.steps.list", {"include": INCLUDE, **PAGES}, **of_run).data
    step = steps[0].id
    call("beta.threads.runs.steps.list", {"after": step, "before": step}, **of_run)
    call("beta.threads.runs.steps.retrieve", {"include": INCLUDE}, **of_run, step_id=step)
    call("beta.threads.runs.cancel", **of_run)
