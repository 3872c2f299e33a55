"""Batches without a model: every line goes through its route, and what comes of it is in a file."""

import json
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.types import Batch

from tests.support.batch_requests import (
    BatchModel,
    answer,
    begin,
    hurry,
    line,
    read_lines,
    until_answered,
    wait_for_end,
)
from tests.support.openai_conformance import assert_conforms
from wire.errors import ModelOverloadedError, ReplicaLostError


@pytest.fixture
def model() -> BatchModel:
    return BatchModel()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def test_every_line_is_answered_as_its_route_answers(
    openai_client: AsyncOpenAI, model: BatchModel
) -> None:
    begun = await begin(
        openai_client, [line("b", "one"), line("a", "two")], metadata={"topic": "numbers"}
    )
    batch = await wait_for_end(openai_client, begun)

    assert begun.status == "validating"
    assert batch.status == "completed"
    assert batch.metadata == {"topic": "numbers"}
    assert batch.error_file_id is None
    assert batch.model == "small"
    assert batch.expires_at == batch.created_at + 24 * 3600
    assert batch.request_counts
    assert batch.request_counts.model_dump() == {"total": 2, "completed": 2, "failed": 0}
    assert batch.usage
    assert (batch.usage.input_tokens, batch.usage.total_tokens) == (6, 14)
    told = await read_lines(openai_client, batch.output_file_id)
    assert [each["custom_id"] for each in told] == ["b", "a"]
    assert [each["error"] for each in told] == [None, None]
    first = told[0]["response"]
    assert first["status_code"] == 200
    assert first["body"] == json.loads(answer("one"))
    assert told[0]["id"].startswith("batch_req_")
    assert {call.request_id for call in model.calls} == {
        each["response"]["request_id"] for each in told
    }
    assert all(call.low_priority for call in model.calls)
    output = await openai_client.files.retrieve(str(batch.output_file_id))
    assert (output.purpose, output.filename) == ("batch_output", f"{batch.id}_output.jsonl")


async def test_batch_has_the_fields_of_the_sdk(openai_client: AsyncOpenAI) -> None:
    begun = await begin(openai_client, [line("a")])
    batch = await wait_for_end(openai_client, begun)

    for one in (begun, batch):
        assert_conforms(Batch, one.to_json())


async def test_busy_model_is_waited_for(openai_client: AsyncOpenAI, model: BatchModel) -> None:
    model.troubles = {"busy": [ModelOverloadedError("Full.") for _ in range(5)]}

    batch = await wait_for_end(
        openai_client, await begin(openai_client, [line("a", "busy"), line("b")])
    )

    assert batch.request_counts
    assert batch.request_counts.completed == 2
    assert len(model.calls) == 7


async def test_line_that_ends_replicas_is_given_up(
    openai_client: AsyncOpenAI, model: BatchModel
) -> None:
    model.troubles = {"poison": [ReplicaLostError("It ended.") for _ in range(9)]}

    batch = await wait_for_end(
        openai_client, await begin(openai_client, [line("a", "poison"), line("b")])
    )

    (told,) = await read_lines(openai_client, batch.error_file_id)
    assert told["response"]["body"]["error"]["code"] == "replica_lost"
    assert len(model.calls) == 4


async def test_cancelled_batch_keeps_what_was_answered(
    openai_client: AsyncOpenAI, model: BatchModel
) -> None:
    model.waits_at = "stop"
    lines = [line("a"), line("b"), *(line(f"stop-{n}", "stop") for n in range(20))]
    begun = await begin(openai_client, lines)
    await model.arrived.wait()
    await until_answered(openai_client, begun, 2)

    cancelling = await openai_client.batches.cancel(begun.id)
    batch = await wait_for_end(openai_client, begun)

    assert cancelling.status == "cancelling"
    assert cancelling.cancelling_at
    assert (batch.status, bool(batch.cancelled_at)) == ("cancelled", True)
    output = await read_lines(openai_client, batch.output_file_id)
    assert [each["custom_id"] for each in output] == ["a", "b"]
    errors = await read_lines(openai_client, batch.error_file_id)
    assert [each["custom_id"] for each in errors] == [f"stop-{n}" for n in range(20)]
    assert {each["error"]["code"] for each in errors} == {"batch_cancelled"}
    again = await openai_client.batches.cancel(begun.id)
    assert again.status == "cancelled"


async def test_batch_whose_window_has_ended_expires(
    openai_client: AsyncOpenAI, model: BatchModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wire.openai.batches.WINDOW_S", 0)

    batch = await wait_for_end(openai_client, await begin(openai_client, [line("a"), line("b")]))

    assert (batch.status, bool(batch.expired_at)) == ("expired", True)
    assert batch.output_file_id is None
    errors = await read_lines(openai_client, batch.error_file_id)
    assert [each["custom_id"] for each in errors] == ["a", "b"]
    assert {each["error"]["code"] for each in errors} == {"batch_expired"}
    assert model.calls == []


async def test_output_files_expire_as_asked(openai_client: AsyncOpenAI) -> None:
    expiry: Any = {"anchor": "created_at", "seconds": 3600}
    begun = await begin(openai_client, [line("a")], output_expires_after=expiry)
    batch = await wait_for_end(openai_client, begun)

    output = await openai_client.files.retrieve(str(batch.output_file_id))

    assert output.expires_at
    assert abs(output.expires_at - output.created_at - 3600) <= 1


async def test_batches_are_listed_the_newest_first(openai_client: AsyncOpenAI) -> None:
    begun = [await begin(openai_client, [line("a")]) for _ in range(3)]
    names = [batch.id for batch in reversed(begun)]

    page = await openai_client.batches.list(limit=2)

    assert [batch.id for batch in page.data] == names[:2]
    assert page.has_more
    assert [batch.id async for batch in openai_client.batches.list(limit=1)] == names


async def test_two_thousand_lines_are_answered_once_each(
    openai_client: AsyncOpenAI, model: BatchModel
) -> None:
    names = [f"line-{number}" for number in range(2000)]

    begun = await begin(openai_client, [line(name, name) for name in names])
    batch = await wait_for_end(openai_client, begun)

    told = await read_lines(openai_client, batch.output_file_id)
    assert [each["custom_id"] for each in told] == names
    said = [each["response"]["body"]["choices"][0]["message"]["content"] for each in told]
    assert said == [name.upper() for name in names]
    assert len(model.calls) == 2000
