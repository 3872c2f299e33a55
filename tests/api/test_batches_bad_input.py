"""Batches that are wrong, in a line or as a whole, or somebody else's."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI
from openai.types import Batch

from serve_app.batches import batches
from tests.support.batch_requests import (
    CHAT,
    BatchModel,
    begin,
    hurry,
    jsonl,
    line,
    read_lines,
    wait_for_end,
)
from tests.support.scripted_model import KEY, connect


@pytest.fixture
def model() -> BatchModel:
    return BatchModel()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def test_malformed_lines_fail_and_the_others_are_answered(
    openai_client: AsyncOpenAI,
) -> None:
    bad: dict[str, dict[str, Any] | str] = {
        "invalid_json_line": '{"custom_id": ',
        "invalid_custom_id": line(""),
        "duplicate_custom_id": line("good"),
        "invalid_method": line("get", method="GET"),
        "url_mismatch": line("url", url="/v1/embeddings"),
        "invalid_body": line("body", body=[]),
        "unsupported_parameter": line("s", body={**line("s")["body"], "stream": True}),
    }
    lines = [line("good"), "", *bad.values(), "[" * 300, line("last")]

    batch = await wait_for_end(openai_client, await begin(openai_client, lines))

    assert batch.status == "completed"
    assert batch.request_counts
    assert batch.request_counts.model_dump() == {"total": 10, "completed": 2, "failed": 8}
    output = await read_lines(openai_client, batch.output_file_id)
    assert [each["custom_id"] for each in output] == ["good", "last"]
    errors = await read_lines(openai_client, batch.error_file_id)
    assert [each["error"]["code"] for each in errors] == [*bad, "invalid_json_line"]
    assert [each["error"]["line"] for each in errors] == list(range(3, 11))
    assert all(each["response"] is None for each in errors)
    assert errors[-2]["custom_id"] == "s"
    assert errors[-2]["error"]["param"] == "body.stream"


async def test_refused_line_is_in_the_error_file_with_the_answer_of_its_route(
    openai_client: AsyncOpenAI,
) -> None:
    wrong = line("wrong", body={**line("wrong")["body"], "temperature": 9})
    unknown = line("unknown", body={**line("unknown")["body"], "model": "nobody"})

    batch = await wait_for_end(
        openai_client, await begin(openai_client, [wrong, line("right"), unknown])
    )

    assert batch.request_counts
    assert (batch.request_counts.completed, batch.request_counts.failed) == (1, 2)
    told = {
        each["custom_id"]: each for each in await read_lines(openai_client, batch.error_file_id)
    }
    assert told["wrong"]["response"]["status_code"] == 400
    assert told["wrong"]["response"]["body"]["error"]["param"] == "temperature"
    assert told["wrong"]["error"] is None
    assert told["unknown"]["response"]["status_code"] == 404


async def test_batch_without_a_valid_line_fails_and_says_why(openai_client: AsyncOpenAI) -> None:
    batch = await wait_for_end(
        openai_client, await begin(openai_client, ["{", line("x", method="PUT")])
    )

    assert batch.status == "failed"
    assert batch.failed_at
    assert batch.errors
    assert batch.errors.data
    assert [(each.code, each.line) for each in batch.errors.data] == [
        ("invalid_json_line", 1),
        ("invalid_method", 2),
    ]
    assert batch.output_file_id is None
    assert batch.error_file_id is None


@pytest.mark.parametrize(("lines", "code"), [([], "empty_file"), (["", "  "], "empty_file")])
async def test_file_that_is_no_batch_fails(
    openai_client: AsyncOpenAI, lines: list[str], code: str
) -> None:
    content = jsonl(lines) or b"\n"
    file = await openai_client.files.create(file=("in.jsonl", content), purpose="batch")
    begun = await openai_client.batches.create(
        input_file_id=file.id, endpoint=CHAT, completion_window="24h"
    )
    batch = await wait_for_end(openai_client, begun)

    assert batch.status == "failed"
    assert batch.errors
    assert batch.errors.data
    assert batch.errors.data[0].code == code


@pytest.mark.parametrize(
    ("limit", "code"),
    [("MAX_BATCH_LINES", "too_many_tasks"), ("MAX_BATCH_BYTES", "file_too_large")],
)
async def test_file_over_a_limit_fails_before_any_is_asked(
    openai_client: AsyncOpenAI,
    model: BatchModel,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    code: str,
) -> None:
    monkeypatch.setattr(batches, limit, 3)
    lines = [line(f"{number}") for number in range(4)]

    batch = await wait_for_end(openai_client, await begin(openai_client, lines))

    assert batch.errors
    assert batch.errors.data
    assert batch.errors.data[0].code == code
    assert model.calls == []


async def test_ended_batch_is_not_cancelled(openai_client: AsyncOpenAI) -> None:
    batch = await wait_for_end(openai_client, await begin(openai_client, [line("a")]))

    with pytest.raises(Exception, match="is completed: only one that is validating") as refused:
        await openai_client.batches.cancel(batch.id)
    assert refused.value.status_code == 400  # type: ignore[attr-defined]


async def test_input_file_that_is_deleted_fails_the_batch_and_keeps_what_was_answered(
    openai_client: AsyncOpenAI, model: BatchModel
) -> None:
    begun = await begin(openai_client, [line("a")])
    await openai_client.files.delete(begun.input_file_id)

    batch = await wait_for_end(openai_client, begun)

    assert batch.status == "failed"
    assert batch.errors
    assert batch.errors.data
    assert batch.errors.data[0].code == "input_file_deleted"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"endpoint": "/v1/images/generations"}, "endpoint"),
        ({"completion_window": "1h"}, "completion_window"),
        ({"metadata": {"k": "x" * 513}}, "metadata.k"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 1}}, "output_expires_after"),
    ],
)
async def test_request_out_of_bounds_is_refused(
    openai_client: AsyncOpenAI, fields: dict[str, Any], param: str
) -> None:
    file = await openai_client.files.create(file=("in.jsonl", b"{}"), purpose="batch")
    body = {"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h", **fields}

    with pytest.raises(Exception, match=param) as refused:
        await openai_client.post("/batches", body=body, cast_to=Batch)
    assert refused.value.status_code == 400  # type: ignore[attr-defined]


async def test_file_of_another_purpose_is_refused(openai_client: AsyncOpenAI) -> None:
    file = await openai_client.files.create(file=("in.jsonl", b"{}"), purpose="user_data")

    with pytest.raises(Exception, match="purpose is 'user_data', not 'batch'") as refused:
        await openai_client.batches.create(
            input_file_id=file.id, endpoint=CHAT, completion_window="24h"
        )
    assert refused.value.status_code == 400  # type: ignore[attr-defined]


async def test_batches_of_another_key_are_not_there(create: Callable[..., FastAPI]) -> None:
    api = create(frozenset({KEY, "sk-other"}))
    async with api.router.lifespan_context(api), connect(api) as http:
        one, two = (
            AsyncOpenAI(base_url="http://test/v1", api_key=key, http_client=http, max_retries=0)
            for key in (KEY, "sk-other")
        )
        mine = await begin(one, [line("a")])

        for asked in (
            two.batches.retrieve(mine.id),
            two.batches.cancel(mine.id),
            two.batches.create(
                input_file_id=mine.input_file_id, endpoint=CHAT, completion_window="24h"
            ),
        ):
            with pytest.raises(Exception, match=r"No (batch|file) found") as refused:
                await asked
            assert refused.value.status_code == 404  # type: ignore[attr-defined]
        assert (await two.batches.list()).data == []
        assert (await wait_for_end(one, mine)).status == "completed"
