# pyright: reportDeprecated=false
import json
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Run
from openai.types.beta.threads.runs import RunStep

from tests.api.assistants import Turns, assistant, ran, texts
from tests.support.chat_frames import FUNCTION, calls, says
from tests.support.openai_conformance import assert_conforms, events


@pytest.fixture
def model() -> Turns:
    return Turns()


async def test_run_answers_the_thread(openai_client: AsyncOpenAI, model: Turns) -> None:
    model.turns = [says("Hel", "lo")]

    thread_id, run = await ran(openai_client, "hi", instructions="Be kind.", temperature=0.5)

    assert run.status == "completed"
    assert run.usage
    assert (run.usage.prompt_tokens, run.usage.completion_tokens) == (7, 3)
    assert await texts(openai_client, thread_id) == ["hi", "Hello"]
    assert model.asked["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hi"},
    ]
    assert model.asked["temperature"] == 0.5
    answer = (await openai_client.beta.threads.messages.list(thread_id, run_id=run.id)).data
    assert [message.role for message in answer] == ["assistant"]
    assert answer[0].assistant_id == run.assistant_id


async def test_runs_answers_and_steps_are_as_the_sdk_has_them(
    openai_client: AsyncOpenAI, http: httpx2.AsyncClient, model: Turns
) -> None:
    model.turns = [says("Hello")]
    thread_id, run = await ran(openai_client)
    runs = openai_client.beta.threads.runs

    whole = await runs.with_raw_response.retrieve(run.id, thread_id=thread_id)
    steps = await runs.steps.list(run.id, thread_id=thread_id)
    step = await runs.steps.with_raw_response.retrieve(
        steps.data[0].id, thread_id=thread_id, run_id=run.id
    )

    assert_conforms(Run, whole.text)
    conforming = assert_conforms(RunStep, step.text)
    assert conforming.status == "completed"
    assert conforming.usage.total_tokens == 10
    assert [each.id for each in (await runs.list(thread_id)).data] == [run.id]


async def test_stream_tells_every_event_in_order(openai_client: AsyncOpenAI, model: Turns) -> None:
    model.turns = [says("Hel", "lo")]
    made = await assistant(openai_client)

    raw = await openai_client.beta.threads.with_raw_response.create_and_run(
        assistant_id=made.id,
        thread={"messages": [{"role": "user", "content": "hi"}]},
        stream=True,
    )

    await raw.http_response.aread()
    told = list(events(raw.http_response.text))
    assert [name for name, _ in told] == [
        "thread.created",
        "thread.run.created",
        "thread.run.queued",
        "thread.run.in_progress",
        "thread.run.step.created",
        "thread.run.step.in_progress",
        "thread.message.created",
        "thread.message.in_progress",
        "thread.message.delta",
        "thread.message.delta",
        "thread.message.completed",
        "thread.run.step.completed",
        "thread.run.completed",
        "done",
    ]
    assert told[-1][1] == "[DONE]"
    for name, data in told[:-1]:
        event = json.dumps({"event": name, "data": json.loads(data)})
        assert_conforms(AssistantStreamEvent, event)


async def test_sdks_stream_helper_gathers_the_answer(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [says("Hel", "lo")]
    made = await assistant(openai_client)
    thread = await openai_client.beta.threads.create(messages=[{"role": "user", "content": "hi"}])

    async with openai_client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=made.id
    ) as stream:
        heard = [text async for text in stream.text_deltas]
        run = await stream.get_final_run()
        messages = await stream.get_final_messages()

    assert heard == ["Hel", "lo"]
    assert run.status == "completed"
    assert messages[0].content[0].text.value == "Hello"  # type: ignore[union-attr]


async def test_only_the_last_messages_are_shown_where_that_is_asked(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [says("x")]
    made = await assistant(openai_client)
    said: Any = [{"role": "user", "content": str(n)} for n in range(4)]
    thread = await openai_client.beta.threads.create(messages=said)

    await openai_client.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=made.id,
        truncation_strategy={"type": "last_messages", "last_messages": 2},
        poll_interval_ms=20,
    )

    assert [message["content"] for message in model.asked["messages"]] == ["2", "3"]


async def test_run_overrides_its_assistant(openai_client: AsyncOpenAI, model: Turns) -> None:
    model.turns = [says("x")]
    made = await assistant(openai_client, instructions="A", tools=[FUNCTION], temperature=1)
    thread = await openai_client.beta.threads.create()

    run = await openai_client.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=made.id,
        additional_instructions="B",
        additional_messages=[{"role": "user", "content": "more"}],
        tools=[],
        temperature=0,
        metadata={"k": "v"},
        response_format={"type": "json_object"},
        poll_interval_ms=20,
    )

    assert run.instructions == "A\n\nB"
    assert run.tools == []
    assert run.metadata == {"k": "v"}
    assert "tools" not in model.asked
    assert model.asked["temperature"] == 0
    assert model.asked["response_format"] == {"type": "json_object"}
    assert model.asked["messages"][-1] == {"role": "user", "content": "more"}
    changed = await openai_client.beta.threads.runs.update(
        run.id, thread_id=thread.id, metadata={"a": "b"}
    )
    assert changed.metadata == {"a": "b"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"model": "nobody"}, "model"),
        ({"max_prompt_tokens": 255}, "max_prompt_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": {"type": "browser"}}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "add"}}}, "tool_choice"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"truncation_strategy": {"type": "last_messages"}}, "truncation_strategy"),
        ({"truncation_strategy": {"type": "first"}}, "truncation_strategy.type"),
        ({"tools": [{"type": "code_interpreter"}]}, "tools[0].type"),
        ({"additional_messages": [{"role": "user"}]}, "additional_messages[0].content"),
        ({"include": ["everything"]}, "include"),
        ({"temperature": 3}, "temperature"),
    ],
)
async def test_wrong_run_is_refused_by_name(
    http: httpx2.AsyncClient, fields: dict[str, Any], param: str
) -> None:
    made = (await http.post("/v1/assistants", json={"model": "small"})).json()
    thread_id = (await http.post("/v1/threads")).json()["id"]

    answer = await http.post(
        f"/v1/threads/{thread_id}/runs", json={"assistant_id": made["id"], **fields}
    )

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"].startswith(param)
    assert (await http.get(f"/v1/threads/{thread_id}/runs")).json()["data"] == []


async def test_other_key_sees_nothing_of_a_run(
    two_keys: tuple[AsyncOpenAI, AsyncOpenAI], model: Turns
) -> None:
    mine, other = two_keys
    model.turns = [calls(("add", "{}"))]
    thread_id, run = await ran(mine, tools=[FUNCTION])

    with pytest.raises(openai.NotFoundError):
        await other.beta.threads.runs.retrieve(run.id, thread_id=thread_id)
    with pytest.raises(openai.NotFoundError):
        await other.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    with pytest.raises(openai.NotFoundError):
        await other.beta.threads.runs.create(thread_id, assistant_id=run.assistant_id)
