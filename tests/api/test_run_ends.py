# pyright: reportDeprecated=false
import asyncio

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.beta.threads import Run

from serve_app.models.retrying import MAX_ATTEMPTS
from tests.api.assistants import Pause, Turns, assistant, ran, texts
from tests.support.chat_frames import FUNCTION, calls, says
from wire.errors import ContextLengthError, ModelOverloadedError, ReplicaLostError


@pytest.fixture
def model() -> Turns:
    return Turns()


async def test_run_that_has_ended_takes_neither_outputs_nor_a_cancel(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [says("x")]
    thread_id, run = await ran(openai_client)
    runs = openai_client.beta.threads.runs

    with pytest.raises(openai.BadRequestError, match="is completed"):
        await runs.submit_tool_outputs(
            run.id, thread_id=thread_id, tool_outputs=[{"tool_call_id": "c", "output": "x"}]
        )
    with pytest.raises(openai.BadRequestError, match="is completed"):
        await runs.cancel(run.id, thread_id=thread_id)


async def test_thread_with_an_active_run_is_closed_to_others(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [calls(("add", "{}"))]
    thread_id, run = await ran(openai_client, tools=[FUNCTION])
    threads = openai_client.beta.threads
    message = (await threads.messages.list(thread_id)).data[0]

    with pytest.raises(openai.BadRequestError, match=run.id):
        await threads.runs.create(thread_id, assistant_id=run.assistant_id)
    with pytest.raises(openai.BadRequestError, match=run.id):
        await threads.messages.create(thread_id, role="user", content="x")
    with pytest.raises(openai.BadRequestError, match=run.id):
        await threads.messages.delete(message.id, thread_id=thread_id)

    await threads.runs.cancel(run.id, thread_id=thread_id)
    await threads.runs.poll(run.id, thread_id=thread_id, poll_interval_ms=20)
    await threads.messages.create(thread_id, role="user", content="x")


async def test_cancelled_run_ends_with_what_it_had_begun(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [calls(("add", "{}"))]
    thread_id, run = await ran(openai_client, tools=[FUNCTION])
    runs = openai_client.beta.threads.runs

    cancelling = await runs.cancel(run.id, thread_id=thread_id)
    ended = await runs.poll(run.id, thread_id=thread_id, poll_interval_ms=20)

    assert cancelling.status == "cancelling"
    assert ended.status == "cancelled"
    assert ended.cancelled_at
    steps = await runs.steps.list(run.id, thread_id=thread_id)
    assert [step.status for step in steps.data] == ["cancelled"]


async def test_run_that_is_cancelled_while_the_model_speaks_keeps_what_was_said(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    pause = Pause()
    model.turns = [[*says("Half a ")[:2], pause]]
    made = await assistant(openai_client)
    thread = await openai_client.beta.threads.create(messages=[{"role": "user", "content": "hi"}])
    runs = openai_client.beta.threads.runs

    # This client hands a stream over when it has ended.
    streaming = asyncio.create_task(runs.create(thread.id, assistant_id=made.id, stream=True))
    await pause.reached.wait()
    run = (await runs.list(thread.id)).data[0]
    await runs.cancel(run.id, thread_id=thread.id)
    told = [event.event async for event in await streaming]

    assert told[-4:] == [
        "thread.run.cancelling",
        "thread.run.step.cancelled",
        "thread.message.incomplete",
        "thread.run.cancelled",
    ]
    assert await texts(openai_client, thread.id) == ["hi", "Half a "]
    message = (await openai_client.beta.threads.messages.list(thread.id)).data[0]
    assert message.incomplete_details
    assert message.incomplete_details.reason == "run_cancelled"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ContextLengthError("too long", "messages"), "invalid_prompt"),
        (RuntimeError("broken"), "server_error"),
    ],
)
async def test_run_whose_model_fails_says_why(
    openai_client: AsyncOpenAI, model: Turns, error: Exception, code: str
) -> None:
    model.turns = [[error]]

    thread_id, run = await ran(
        openai_client, truncation_strategy={"type": "last_messages", "last_messages": 1}
    )

    assert run.status == "failed"
    assert run.last_error
    assert run.last_error.code == code
    assert run.failed_at
    if isinstance(error, RuntimeError):
        assert "broken" not in run.last_error.message, "what went wrong here is not the client's"
    assert await texts(openai_client, thread_id) == ["hi"]


async def test_run_waits_for_a_model_that_has_no_room(
    openai_client: AsyncOpenAI, model: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.models.retrying.FIRST_PAUSE_S", 0.01)
    busy, lost = ModelOverloadedError("full", None, 0), ReplicaLostError("gone", None, 0)
    model.turns = [[busy], [lost], says("there")]

    _, run = await ran(openai_client)

    assert run.status == "completed"
    assert len(model.calls) == 3


@pytest.mark.parametrize("part", [says("Half a ")[:2], calls(("add", '{"a'))[:2]])
async def test_answer_of_a_lost_replica_is_begun_again(
    openai_client: AsyncOpenAI, model: Turns, part: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.models.retrying.FIRST_PAUSE_S", 0.01)
    lost = ReplicaLostError("gone", None, 0)
    model.turns = [[*part, lost], [*part, lost], says("A whole answer")]

    thread_id, run = await ran(openai_client, tools=[FUNCTION])

    assert run.status == "completed", run.last_error
    assert await texts(openai_client, thread_id) == ["hi", "A whole answer"]
    steps = await openai_client.beta.threads.runs.steps.list(run.id, thread_id=thread_id)
    assert [step.type for step in steps.data] == ["message_creation"]


async def test_answer_whose_replicas_are_always_lost_fails_with_the_last_part(
    openai_client: AsyncOpenAI, model: Turns, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.models.retrying.FIRST_PAUSE_S", 0.01)
    model.turns = [[*says("Half a ")[:2], ReplicaLostError("gone", None, 0)]]

    thread_id, run = await ran(openai_client)

    assert (run.status, len(model.calls)) == ("failed", MAX_ATTEMPTS)
    assert run.last_error
    assert run.last_error.code == "server_error"
    assert await texts(openai_client, thread_id) == ["hi", "Half a "]


async def test_answer_that_a_client_has_seen_is_not_begun_again(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [[*says("Half a ")[:2], ReplicaLostError("gone", None, 0)], says("Another")]
    made = await assistant(openai_client)
    thread = await openai_client.beta.threads.create(messages=[{"role": "user", "content": "hi"}])

    events = await openai_client.beta.threads.runs.create(
        thread.id, assistant_id=made.id, stream=True
    )
    names = [event.event async for event in events]

    assert names[-1] == "thread.run.failed"
    assert len(model.calls) == 1


async def test_answer_that_reaches_its_limit_is_incomplete(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [says("On and", finish_reason="length")]

    thread_id, run = await ran(openai_client, max_completion_tokens=256)

    assert model.asked["max_tokens"] == 256
    assert run.status == "incomplete"
    assert run.incomplete_details
    assert run.incomplete_details.reason == "max_completion_tokens"
    message = (await openai_client.beta.threads.messages.list(thread_id)).data[0]
    assert message.status == "incomplete"
    assert message.incomplete_details
    assert message.incomplete_details.reason == "max_tokens"


async def test_thread_that_is_deleted_ends_its_run(
    openai_client: AsyncOpenAI, http: httpx2.AsyncClient, model: Turns
) -> None:
    model.turns = [calls(("add", "{}"))]
    thread_id, run = await ran(openai_client, tools=[FUNCTION])

    await openai_client.beta.threads.delete(thread_id)

    with pytest.raises(openai.NotFoundError):
        await openai_client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)


async def test_of_two_runs_at_once_on_a_thread_one_is_refused(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [calls(("add", "{}"))]
    made = await assistant(openai_client, tools=[FUNCTION])
    thread = await openai_client.beta.threads.create(messages=[{"role": "user", "content": "x"}])

    begun = await asyncio.gather(
        *(
            openai_client.beta.threads.runs.create(thread.id, assistant_id=made.id)
            for _ in range(8)
        ),
        return_exceptions=True,
    )

    assert sum(isinstance(each, Run) for each in begun) == 1
    assert sum(isinstance(each, openai.BadRequestError) for each in begun) == 7
