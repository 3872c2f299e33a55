"""Responses without a model: what it is asked, what is kept, and what is refused."""

from collections.abc import Callable
from typing import Any

import httpx2
import openai
import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI

from tests.api.errors import assert_openai_error
from tests.support.response_events import event, make_response, whole
from tests.support.scripted_model import KEY, ScriptedModel, connect, overloaded
from wire.calls import Operation, Usage
from wire.errors import ModelOverloadedError, ReplicaLostError

PATH = "/v1/responses"


CREATED = event("response.created", 0, response=make_response("", "in_progress"))


async def test_response_asks_for_the_conversation_without_our_ids(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [whole("Hi.")]
    first = await openai_client.responses.create(model="gpt-4o", input="Hello!", instructions="Be.")
    stored_id = model.asked["request_id"]
    model.script = [whole("Good.")]

    await openai_client.responses.create(
        model="gpt-4o",
        input=[{"role": "user", "content": "How are you?"}],
        previous_response_id=stored_id,
        temperature=0.5,
    )

    assert first.output_text == "Hi."
    asked = model.asked
    assert model.calls[-1].operation == Operation.RESPONSE
    assert [item["role"] for item in asked["input"]] == ["user", "assistant", "user"]
    assert asked["input"][0] == {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "Hello!"}],
    }
    assert asked["temperature"] == 0.5
    assert asked["shown"]["previous_response_id"] == stored_id
    assert "instructions" not in asked
    assert not {"store", "previous_response_id", "conversation", "background"} & set(asked)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([{"type": "output_text", "text": "A"}, {"type": "output_text", "text": "B"}], "A\nB"),
        ([{"type": "refusal", "refusal": "No."}], "No."),
        ([], ""),
    ],
)
async def test_model_reads_all_texts_of_its_earlier_answer(
    http: httpx2.AsyncClient, model: ScriptedModel, parts: list[dict[str, Any]], text: str
) -> None:
    model.script = [whole("Hi.")]
    before = {"role": "assistant", "content": parts}

    answer = await http.post(PATH, json={"input": [before, {"role": "user", "content": "Why?"}]})

    assert answer.status_code == 200
    assert model.asked["input"][0]["content"] == [
        {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    ]


async def test_model_reads_all_texts_of_its_earlier_reasoning(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [whole("Hi.")]
    thoughts = [{"type": "reasoning_text", "text": text} for text in ("One.", "Two.")]
    before = {"type": "reasoning", "summary": [], "content": thoughts}

    answer = await http.post(PATH, json={"input": [before, {"role": "user", "content": "Why?"}]})

    assert answer.status_code == 200
    assert model.asked["input"][0]["content"] == [{"type": "reasoning_text", "text": "One.\nTwo."}]


async def test_what_a_response_lists_of_its_input_comes_in_pages(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [whole("Hi.")]
    items = [{"role": "user", "content": text} for text in ("a", "b", "c")]
    await http.post(PATH, json={"input": items})
    path = f"{PATH}/{model.asked['request_id']}/input_items"

    page = (await http.get(path, params={"limit": 2, "order": "asc"})).json()
    rest = (await http.get(path, params={"order": "asc", "after": page["last_id"]})).json()

    assert [item["content"][0]["text"] for item in page["data"]] == ["a", "b"]
    assert page["has_more"] is True
    assert [item["content"][0]["text"] for item in rest["data"]] == ["c"]
    assert rest["has_more"] is False
    assert all(item["id"].startswith("msg_") for item in page["data"])
    assert_openai_error(await http.get(path, params={"limit": 0}), 400, "limit")
    assert_openai_error(await http.get(path, params={"after": "msg_x"}), 400, "after")


async def test_response_of_another_key_is_not_there(
    create: Callable[..., FastAPI], model: ScriptedModel
) -> None:
    api = create(frozenset({KEY, "sk-other"}))
    model.script = [whole("Hi.")]
    async with api.router.lifespan_context(api), connect(api) as client:
        mine, other = ({"Authorization": f"Bearer {key}"} for key in (KEY, "sk-other"))
        await client.post(PATH, json={"input": "Hello!"}, headers=mine)
        path = f"{PATH}/{model.asked['request_id']}"

        assert (await client.get(path, headers=mine)).status_code == 200
        assert_openai_error(await client.get(path, headers=other), 404, None)
        assert_openai_error(await client.delete(path, headers=other), 404, None)
        body = {"input": "x", "previous_response_id": path.rpartition("/")[2]}
        answer = await client.post(PATH, json=body, headers=other)
        assert answer.status_code == 404


async def test_stream_is_kept_before_its_last_event_is_seen(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [
        CREATED,
        event("response.completed", 1, response=make_response("Hi.")),
        Usage(3, 4),
    ]

    async with http.stream("POST", PATH, json={"input": "Hello!", "stream": True}) as answer:
        frames = [line async for line in answer.aiter_lines() if line.startswith("event: ")]

    assert frames == ["event: response.created", "event: response.completed"]
    kept = await http.get(f"{PATH}/{model.asked['request_id']}")
    assert kept.json()["output"][0]["content"][0]["text"] == "Hi."


async def test_stream_that_fails_ends_with_the_response_as_failed(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [CREATED, ReplicaLostError("The replica ended.")]

    stream = await openai_client.responses.create(model="small", input="Hello!", stream=True)
    *_, last = [event async for event in stream]

    assert last.type == "response.failed"
    assert last.sequence_number == 1
    assert last.response.status == "failed"
    assert last.response.error
    assert last.response.error.message == "The replica ended."


async def test_error_before_the_first_event_is_an_http_error(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [overloaded(ModelOverloadedError)]

    with pytest.raises(openai.RateLimitError):
        await openai_client.responses.create(model="small", input="Hello!", stream=True)


TOOL = {"type": "function", "name": "f", "parameters": {}}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"text": "x"}]}]}, "input[0].content[0]"),
        ({"input": [{"type": "computer_call"}]}, "input[0].type"),
        ({"input": [{"type": "item_reference", "id": "msg_x"}]}, "input[0].id"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
            "input[0].content[0].type",
        ),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [TOOL] * 129}, "tools"),
        ({"metadata": {"a" * 65: "x"}}, f"metadata.{'a' * 65}"),
        ({"metadata": {"a": "x" * 513}}, "metadata.a"),
        ({"metadata": {str(i): "x" for i in range(17)}}, "metadata"),
        ({"include": ["everything"]}, "include[0]"),
        ({"context_management": [{"type": "x"}]}, "context_management[0].type"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"background": True, "store": False}, "background"),
        ({"stream_options": {"include_obfuscation": False}}, "stream_options"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"moderation": {"model": "omni-moderation-latest"}}, "moderation"),
        ({"truncation": "middle"}, "truncation"),
        ({"repeat_penalty": 1.1, "repetition_penalty": 1.1}, "repeat_penalty"),
        ({"messages": [{"role": "user", "content": "x"}]}, "messages"),
        ({"conversation": "conv_1", "previous_response_id": "resp_1"}, "conversation"),
    ],
)
async def test_response_that_cannot_be_made_is_refused_by_name(
    http: httpx2.AsyncClient, model: ScriptedModel, fields: dict[str, Any], param: str
) -> None:
    answer = await http.post(PATH, json={"input": "Hello!", **fields})

    assert_openai_error(answer, 400, param)
    assert not model.calls


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"{PATH}/resp_x", None),
        ("DELETE", f"{PATH}/resp_x", None),
        ("POST", f"{PATH}/resp_x/cancel", None),
        ("GET", f"{PATH}/resp_x/input_items", None),
        ("POST", PATH, {"input": "x", "previous_response_id": "resp_x"}),
        ("POST", PATH, {"input": "x", "conversation": "conv_x"}),
        ("GET", "/v1/conversations/conv_x", None),
        ("DELETE", "/v1/conversations/conv_x", None),
        ("GET", "/v1/conversations/conv_x/items", None),
        ("POST", "/v1/conversations/conv_x", {"metadata": {}}),
    ],
)
async def test_what_is_not_there_is_a_404_with_its_id(
    http: httpx2.AsyncClient, method: str, path: str, body: object
) -> None:
    answer = await http.request(method, path, json=body)

    assert answer.status_code == 404
    assert "_x" in answer.json()["error"]["message"]


async def test_response_that_somebody_waits_for_cannot_be_cancelled(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [whole("Hi.")]
    await http.post(PATH, json={"input": "Hello!"})
    path = f"{PATH}/{model.asked['request_id']}"

    assert_openai_error(await http.post(f"{path}/cancel"), 400, "response_id")
    assert_openai_error(await http.get(path, params={"stream": True}), 400, "stream")


async def test_conversation_keeps_its_items_in_order_until_they_are_deleted(
    openai_client: AsyncOpenAI,
) -> None:
    first: list[Any] = [{"type": "message", "role": "user", "content": "a"}]
    conversation = await openai_client.conversations.create(items=first, metadata={"k": "v"})
    more: list[Any] = [{"type": "message", "role": "user", "content": text} for text in ("b", "c")]
    await openai_client.conversations.items.create(conversation.id, items=more)

    listed = await openai_client.conversations.items.list(conversation.id, order="asc", limit=2)
    items: list[Any] = [item async for item in listed]

    assert [item.content[0].text for item in items] == ["a", "b", "c"]
    await openai_client.conversations.items.delete(items[1].id, conversation_id=conversation.id)
    with pytest.raises(openai.NotFoundError):
        await openai_client.conversations.items.retrieve(
            items[1].id, conversation_id=conversation.id
        )
    changed = await openai_client.conversations.update(conversation.id, metadata={"k": "w"})
    assert changed.metadata == {"k": "w"}
