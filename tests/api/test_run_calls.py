# pyright: reportDeprecated=false
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.api.assistants import Turns, assistant, ran
from tests.support.chat_frames import FUNCTION, calls, says


@pytest.fixture
def model() -> Turns:
    return Turns()


async def test_function_calls_wait_for_their_outputs(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [calls(("add", '{"a": 1, "b": 2}'), ("add", '{"a": 3}')), says("3")]

    thread_id, run = await ran(openai_client, "1+2?", tools=[FUNCTION])

    assert run.status == "requires_action"
    assert run.required_action
    needed = run.required_action.submit_tool_outputs.tool_calls
    assert [(call.id, call.function.arguments) for call in needed] == [
        ("call_0", '{"a": 1, "b": 2}'),
        ("call_1", '{"a": 3}'),
    ]
    assert model.asked["tools"] == [FUNCTION]
    run = await openai_client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=thread_id,
        tool_outputs=[
            {"tool_call_id": "call_0", "output": "3"},
            {"tool_call_id": "call_1", "output": "?"},
        ],
        poll_interval_ms=20,
    )
    assert run.status == "completed"
    assert run.usage
    assert run.usage.total_tokens == 17, "of both answers"
    told = model.asked["messages"]
    assert [message["role"] for message in told] == ["user", "assistant", "tool", "tool"]
    assert told[2] == {"role": "tool", "tool_call_id": "call_0", "content": "3"}
    steps = await openai_client.beta.threads.runs.steps.list(
        run.id, thread_id=thread_id, order="asc"
    )
    assert [step.type for step in steps.data] == ["tool_calls", "message_creation"]
    assert [step.status for step in steps.data] == ["completed", "completed"]
    details: Any = steps.data[0].step_details
    assert [call.function.output for call in details.tool_calls] == ["3", "?"]


async def test_streamed_calls_and_outputs_are_told(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [calls(("add", '{"a": 1}')), says("done")]
    made = await assistant(openai_client, tools=[FUNCTION])
    thread = await openai_client.beta.threads.create(messages=[{"role": "user", "content": "x"}])
    runs = openai_client.beta.threads.runs

    async with runs.stream(thread_id=thread.id, assistant_id=made.id) as stream:
        told = [event.event async for event in stream]
        run = await stream.get_final_run()
        steps = await stream.get_final_run_steps()

    assert told[-1] == "thread.run.requires_action"
    details: Any = steps[0].step_details
    assert details.tool_calls[0].function.arguments == '{"a": 1}'
    async with runs.submit_tool_outputs_stream(
        thread_id=thread.id,
        run_id=run.id,
        tool_outputs=[{"tool_call_id": "call_0", "output": "1"}],
    ) as stream:
        told = [event.event async for event in stream]
    assert told[:3] == ["thread.run.step.completed", "thread.run.queued", "thread.run.in_progress"]
    assert told[-1] == "thread.run.completed"


async def test_wrong_outputs_leave_the_run_waiting(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [calls(("add", "{}"))]
    thread_id, run = await ran(openai_client, tools=[FUNCTION])
    runs = openai_client.beta.threads.runs

    wrong: list[Any] = [[{"tool_call_id": "call_9", "output": "x"}], []]
    for outputs in wrong:
        with pytest.raises(openai.BadRequestError) as raised:
            await runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=outputs)
        assert raised.value.param == "tool_outputs"

    assert (await runs.retrieve(run.id, thread_id=thread_id)).status == "requires_action"


async def test_forced_tool_is_forced_once(openai_client: AsyncOpenAI, model: Turns) -> None:
    model.turns = [calls(("add", "{}")), says("x")]
    choice: Any = {"type": "function", "function": {"name": "add"}}

    thread_id, run = await ran(openai_client, tools=[FUNCTION], tool_choice=choice)
    assert model.asked["tool_choice"] == choice
    await openai_client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id,
        thread_id=thread_id,
        tool_outputs=[{"tool_call_id": "call_0", "output": "1"}],
        poll_interval_ms=20,
    )

    assert model.asked["tool_choice"] == "auto"
