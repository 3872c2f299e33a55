# pyright: reportDeprecated=false
"""Assistants through the whole server with the unchanged SDK and the embedded models."""

import json
import os
import signal
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types.beta import Assistant
from openai.types.beta.threads import Message, Run
from openai.types.beta.threads.runs import RunStep

from tests.support.openai_conformance import assert_conforms
from tests.support.server import Server
from tests.support.waiting import wait_until

MODEL = "gpt-4o"
SUM: Any = [{"role": "user", "content": "What is 2+2?"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "description": "Get the current weather in a given location",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}},
            "required": ["location"],
        },
    },
}
HANDBOOK = b"""The office opens at nine in the morning. The canteen serves lunch from noon to two.

Visitors get a badge at the front desk. The badge is blue and must be given back in the evening.
"""


def read_text(message: Message) -> str:
    (block,) = message.content
    assert block.type == "text"
    return block.text.value


def test_assistant_answers_a_thread(client: OpenAI) -> None:
    raw = client.beta.assistants.with_raw_response.create(
        model=MODEL, name="Counter", instructions="You are a helpful assistant."
    )
    made = assert_conforms(Assistant, raw.text)
    thread = client.beta.threads.create(messages=SUM)

    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=made.id, poll_interval_ms=50
    )

    kept = client.beta.threads.runs.with_raw_response.retrieve(run.id, thread_id=thread.id)
    assert assert_conforms(Run, kept.text).status == "completed"
    assert run.usage
    assert run.usage.total_tokens == run.usage.prompt_tokens + run.usage.completion_tokens > 2
    answer, question = client.beta.threads.messages.list(thread.id).data
    assert (read_text(question), read_text(answer)) == ("What is 2+2?", "2 + 2 = 4.")
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=thread.id).data
    assert step.usage
    assert step.usage.to_dict() == run.usage.to_dict()


def test_streamed_run_is_heard_as_it_is_kept(client: OpenAI) -> None:
    made = client.beta.assistants.create(model=MODEL)

    with client.beta.threads.create_and_run_stream(
        assistant_id=made.id, thread={"messages": SUM}
    ) as stream:
        told: list[str] = []
        pieces: list[str] = []
        for event in stream:
            told.append(event.event)
            if event.event == "thread.message.delta":
                for block in event.data.delta.content or ():
                    assert block.type == "text"
                    pieces.append((block.text and block.text.value) or "")
        run = stream.get_final_run()

    assert told[:4] == [
        "thread.created",
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
    ]
    assert told[-1] == "thread.run.completed"
    assert len(pieces) > 2, "it came as one piece"
    answer = client.beta.threads.messages.list(run.thread_id, run_id=run.id).data[0]
    assert "".join(pieces) == read_text(answer) == "2 + 2 = 4."


def test_function_is_called_by_way_of_the_client(client: OpenAI) -> None:
    runs = client.beta.threads.runs
    made = client.beta.assistants.create(model=MODEL, tools=[WEATHER])
    thread = client.beta.threads.create(
        messages=[{"role": "user", "content": "What is the weather in Boston?"}]
    )

    run = runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=made.id,
        tool_choice={"type": "function", "function": {"name": "get_current_weather"}},
        poll_interval_ms=50,
    )

    assert run.status == "requires_action", run.last_error
    assert run.required_action
    (call,) = run.required_action.submit_tool_outputs.tool_calls
    assert json.loads(call.function.arguments)["location"].startswith("Boston")
    run = runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=thread.id,
        tool_outputs=[{"tool_call_id": call.id, "output": "It is sunny, 22 degrees."}],
        poll_interval_ms=50,
    )
    assert run.status == "completed", run.last_error
    steps = runs.steps.with_raw_response.list(run.id, thread_id=thread.id, order="asc")
    first, last = json.loads(steps.text)["data"]
    assert_conforms(RunStep, json.dumps(first))
    assert_conforms(RunStep, json.dumps(last))
    (called,) = first["step_details"]["tool_calls"]
    assert called["function"]["output"] == "It is sunny, 22 degrees."
    assert "sunny" in read_text(client.beta.threads.messages.list(thread.id).data[0])


def test_answer_cites_the_file_that_it_rests_on(client: OpenAI) -> None:
    file = client.files.create(file=("handbook.txt", HANDBOOK), purpose="assistants")
    store = client.vector_stores.create(name="handbook")
    client.vector_stores.files.create_and_poll(file.id, vector_store_id=store.id)
    made = client.beta.assistants.create(
        model=MODEL,
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store.id]}},
    )

    with client.beta.threads.create_and_run_stream(
        assistant_id=made.id,
        thread={"messages": [{"role": "user", "content": "When does the office open?"}]},
        tool_choice={"type": "file_search"},
    ) as stream:
        (message,) = stream.get_final_messages()
        (search, _) = stream.get_final_run_steps()

    assert search.step_details.type == "tool_calls"
    (block,) = message.content
    assert block.type == "text"
    assert block.text.value.startswith("The office opens at 9 in the morning.")
    (annotation,) = block.text.annotations
    assert annotation.type == "file_citation"
    assert annotation.file_citation.file_id == file.id
    assert block.text.value[annotation.start_index : annotation.end_index] == annotation.text


def test_assistants_are_listed_changed_and_deleted(client: OpenAI) -> None:
    assistants = client.beta.assistants
    made = [assistants.create(model=MODEL, name=f"number {n}") for n in range(3)]

    newest = [each.id for each in assistants.list(limit=3).data]
    page = assistants.list(order="asc", after=made[0].id, limit=1)
    changed = assistants.update(made[0].id, name="first")

    assert newest == [each.id for each in reversed(made)]
    assert [each.id for each in page.data] == [made[1].id]
    assert (changed.name, changed.model) == ("first", MODEL)
    for each in made:
        assert assistants.delete(each.id).deleted
    with pytest.raises(openai.NotFoundError):
        assistants.retrieve(made[0].id)


@pytest.mark.timeout(150)
def test_run_outlives_the_ingress_that_works_on_it(server: Server, client: OpenAI) -> None:
    numbers = {"type": "array", "items": {"type": "integer"}, "minItems": 200, "maxItems": 200}
    schema = {"type": "object", "properties": {"numbers": numbers}, "required": ["numbers"]}
    form: Any = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    made = client.beta.assistants.create(model=MODEL, response_format=form)
    thread = client.beta.threads.create(messages=SUM)
    run = client.beta.threads.runs.create(thread.id, assistant_id=made.id)
    messages = client.beta.threads.messages
    wait_until(lambda: bool(messages.list(thread.id, run_id=run.id).data), 30)

    os.kill(server.replica_pid("ingress", "Ingress"), signal.SIGKILL)
    again = client.with_options(max_retries=60)
    run = again.beta.threads.runs.poll(run.id, thread_id=thread.id, poll_interval_ms=500)

    assert run.status == "completed", run
    answer, question = again.beta.threads.messages.list(thread.id).data
    assert read_text(question) == SUM[0]["content"]
    assert len(json.loads(read_text(answer))["numbers"]) == 200
