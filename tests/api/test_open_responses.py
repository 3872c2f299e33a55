"""What the Open Responses specification requires of the ingress: storage, background, errors.

Stored items are also what the SDK's types require, which is more.
"""

import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI
from openai.types.conversations import ConversationItem
from openai.types.responses import ResponseItem

from tests.api.errors import assert_openai_error
from tests.support.open_responses import Compacted, read_items, read_response, read_stream
from tests.support.openai_conformance import assert_conforms
from tests.support.response_events import event, make_response
from tests.support.scripted_model import KEY, ScriptedModel, connect
from tests.support.waiting import read_until
from wire.calls import Call, Reply, Usage

PATH = "/v1/responses"
TOOL = {"type": "function", "name": "f"}


class RespondingModel(ScriptedModel):
    """Answers as a replica does."""

    async def run(self, call: Call) -> Reply:
        self.calls.append(call)
        return Reply(json.dumps(self._respond()).encode(), Usage(3, 4))

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        self.calls.append(call)
        response = self._respond()
        begun = {**response, "status": "in_progress", "output": [], "completed_at": None}
        number = self.asked.get("num_events_before", 0)
        for name in ("response.created", "response.in_progress"):
            yield event(name, number, response=begun)
            number += 1
        if self.script:
            assert isinstance(self.script[0], Exception)
            raise self.script[0]
        (item,) = response["output"]
        place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
        (part,) = item["content"]
        empty = {**part, "text": ""}
        added = {**item, "status": "in_progress", "content": []}
        for name, fields in (
            ("output_item.added", {"output_index": 0, "item": added}),
            ("content_part.added", {**place, "part": empty}),
            ("output_text.delta", {**place, "delta": part["text"], "logprobs": []}),
            ("output_text.done", {**place, "text": part["text"], "logprobs": []}),
            ("content_part.done", {**place, "part": part}),
            ("output_item.done", {"output_index": 0, "item": item}),
            ("completed", {"response": response}),
        ):
            yield event(f"response.{name}", number, **fields)
            number += 1

    def _respond(self) -> dict[str, Any]:
        usage = {
            "input_tokens": 3,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 7,
        }
        repeated = {"id": self.asked["request_id"], **self.asked["shown"]}
        return {**make_response("Hi."), "usage": usage, **repeated}


@pytest.fixture
def model() -> ScriptedModel:
    return RespondingModel()


ASKED: list[dict[str, Any]] = [
    {"input": "Hello!"},
    {"input": "Hello!", "instructions": "Be brief.", "store": False},
    {"input": "Hello!", "tools": [TOOL], "tool_choice": {"type": "function", "name": "f"}},
    {
        "input": "Hello!",
        "tools": [TOOL, {**TOOL, "name": "g", "strict": True, "parameters": {}}],
        "tool_choice": {
            "type": "allowed_tools",
            "mode": "auto",
            "tools": [{"type": "function", "name": "g"}],
        },
    },
    {"input": "Hello!", "text": {"verbosity": "medium"}, "reasoning": {"effort": "low"}},
    {
        "input": "Hello!",
        "text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "object"}}},
    },
    {"input": "Hello!", "temperature": 0, "top_p": 0.5, "presence_penalty": 1},
    {"input": "Hello!", "metadata": {"a": "b"}, "prompt_cache_retention": "24h", "user": "ada"},
    {"input": "Hello!", "max_output_tokens": 7, "max_tool_calls": 3, "truncation": "auto"},
]


@pytest.mark.parametrize("asked", ASKED)
async def test_response_repeats_its_request(
    http: httpx2.AsyncClient, asked: dict[str, Any]
) -> None:
    whole = read_response((await http.post(PATH, json=asked)).content)
    streamed = read_stream((await http.post(PATH, json={**asked, "stream": True})).text)

    answers = [whole.model_dump(mode="json"), streamed[-1]["response"]]
    if asked.get("store") is not False:
        queued = await http.post(PATH, json={**asked, "background": True})
        answers.append(read_response(queued.content).model_dump(mode="json"))
        stored = await http.get(f"{PATH}/{whole.id}")
        assert read_response(stored.content) == whole
    for answer in answers:
        assert answer["store"] == asked.get("store", True)
        for name, value in asked.items():
            if name == "tools":
                assert [tool["name"] for tool in answer["tools"]] == [t["name"] for t in value]
            elif isinstance(value, dict) and name != "tool_choice":
                assert answer[name].items() >= value.items() or name == "text"
            elif name != "input":
                assert answer[name] == value


ITEMS: list[dict[str, Any]] = [
    {"role": "user", "content": "a"},
    {"role": "system", "content": [{"type": "input_text", "text": "b"}]},
    {"role": "developer", "content": "c"},
    {"role": "assistant", "content": "d"},
    {"role": "assistant", "content": [{"type": "output_text", "text": "e"}], "status": None},
    {"role": "assistant", "content": [{"type": "refusal", "refusal": "f"}]},
    {"type": "function_call", "call_id": "1", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "1", "output": "g"},
    {
        "type": "function_call_output",
        "call_id": "1",
        "output": [{"type": "input_text", "text": "h"}],
    },
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "i"}], "status": None},
]
CUSTOM: list[dict[str, Any]] = [
    {"type": "custom_tool_call", "call_id": "2", "name": "g", "input": "x"},
    {"type": "custom_tool_call_output", "call_id": "2", "output": "y"},
]
"""OpenAI's own, which the specification does not have."""


async def test_stored_items_have_every_required_member(http: httpx2.AsyncClient) -> None:
    response = (await http.post(PATH, json={"input": [*ITEMS, *CUSTOM]})).json()
    listed = (await http.get(f"{PATH}/{response['id']}/input_items?limit=100")).json()["data"]
    conversation = (await http.post("/v1/conversations", json={})).json()
    path = f"/v1/conversations/{conversation['id']}/items"
    added = (await http.post(path, json={"items": [*ITEMS, *CUSTOM]})).json()["data"]
    kept = (await http.get(path, params={"limit": 100, "order": "asc"})).json()["data"]

    assert kept == added
    for items, kind in ((listed[::-1], ResponseItem), (kept, ConversationItem)):
        assert len(items) == len(ITEMS) + len(CUSTOM)
        read_items(items[: len(ITEMS)])
        for item in items:
            if item.get("role") != "assistant" or kind is ConversationItem:
                assert_conforms(kind, json.dumps(item))


async def test_items_of_a_response_are_stored_with_the_conversation_as_they_were(
    http: httpx2.AsyncClient,
) -> None:
    conversation = (await http.post("/v1/conversations", json={})).json()
    body = {"input": "Hello!", "conversation": conversation["id"]}
    response = (await http.post(PATH, json=body)).json()

    path = f"/v1/conversations/{conversation['id']}/items"
    first, second = (await http.get(path, params={"order": "asc"})).json()["data"]

    read_items([first, second])
    assert second == response["output"][0]
    assert response["conversation"] == {"id": conversation["id"]}


async def test_conversation_is_compacted_and_goes_on(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    first = await openai_client.responses.create(model="small", input="My name is Ada.")
    asked: Any = [*ITEMS[6:8], {"role": "user", "content": "Who?"}]

    answer = await openai_client.responses.compact(
        model="small", input=asked, previous_response_id=first.id, instructions="Be brief."
    )

    compacted = Compacted.model_validate_json(answer.to_json())
    assert [item.type for item in compacted.output] == ["message", "message", "compaction"]
    assert model.asked["instructions"] == "Be brief."
    assert len(model.asked["input"]) == 6  # two turns, and what is asked for
    items: Any = [*answer.to_dict()["output"], {"role": "user", "content": "Go on."}]  # type: ignore[misc]
    await openai_client.responses.create(model="small", input=items)
    texts = [item["content"][0]["text"] for item in model.asked["input"]]
    assert texts == ["My name is Ada.", "Who?", "Summary of what was said before: Hi.", "Go on."]


async def test_compaction_of_another_server_is_refused(http: httpx2.AsyncClient) -> None:
    for content in ("gAAAAABpM0Yj-", "x", ""):
        body = {"input": [{"type": "compaction", "encrypted_content": content}]}
        answer = await http.post(PATH, json=body)
        assert_openai_error(answer, 400, "input[0].encrypted_content")


async def test_item_is_referred_to_from_anywhere(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    conversation = (await http.post("/v1/conversations", json={"items": ITEMS[:1]})).json()
    path = f"/v1/conversations/{conversation['id']}/items"
    (kept,) = (await http.get(path)).json()["data"]
    first = (await http.post(PATH, json={"input": "Mine?"})).json()
    (asked,) = (await http.get(f"{PATH}/{first['id']}/input_items")).json()["data"]
    queued = await http.post(PATH, json={"input": "x", "background": True, "stream": True})
    made = read_stream(queued.text)[-1]["response"]["output"]
    ids = [kept["id"], asked["id"], first["output"][0]["id"], made[0]["id"]]
    references = [{"type": "item_reference", "id": each} for each in ids]

    await http.post(PATH, json={"input": [*references, {"role": "user", "content": "Go on."}]})

    texts = [item["content"][0]["text"] for item in model.asked["input"]]
    assert texts == ["a", "Mine?", "Hi.", "Hi.", "Go on."]
    added = await http.post(path, json={"items": references[1:2]})
    assert added.json()["data"] == [asked]


async def test_item_of_another_key_or_of_a_deleted_response_is_not_found(
    create: Callable[..., FastAPI],
) -> None:
    api = create(frozenset({KEY, "sk-other"}))
    mine, other = ({"Authorization": f"Bearer {key}"} for key in (KEY, "sk-other"))
    async with api.router.lifespan_context(api), connect(api) as client:
        first = (await client.post(PATH, json={"input": "Hello!"}, headers=mine)).json()
        body = {"input": [{"type": "item_reference", "id": first["output"][0]["id"]}]}

        assert_openai_error(await client.post(PATH, json=body, headers=other), 400, "input[0].id")
        assert (await client.post(PATH, json=body, headers=mine)).status_code == 200
        unstored = {"input": "Hello!", "store": False}
        second = (await client.post(PATH, json=unstored, headers=mine)).json()
        body = {"input": [{"id": second["output"][0]["id"] + "_"}]}
        assert_openai_error(await client.post(PATH, json=body, headers=mine), 400, "input[0].id")


@pytest.mark.parametrize(
    ("item", "param"),
    [
        ({"role": "user", "content": 1}, "content"),
        ({"role": 1, "content": "x"}, "role"),
        ({"role": "user", "content": "x", "status": "done"}, "status"),
        ({"role": "assistant", "content": [{"type": "refusal"}]}, "content[0].refusal"),
        ({**ITEMS[6], "arguments": {}}, "arguments"),
        ({**ITEMS[6], "name": 1}, "name"),
        ({**ITEMS[7], "output": {"a": 1}}, "output"),
        ({**ITEMS[9], "summary": "x"}, "summary"),
    ],
)
async def test_item_that_could_not_be_listed_is_refused(
    http: httpx2.AsyncClient, item: dict[str, Any], param: str
) -> None:
    conversation = (await http.post("/v1/conversations", json={})).json()
    path = f"/v1/conversations/{conversation['id']}/items"
    for answer, name in (
        (await http.post(PATH, json={"input": [item]}), "input"),
        (await http.post(path, json={"items": [item]}), "items"),
    ):
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert error["param"].removesuffix(".refusal") in (
            f"{name}[0].{param}",
            f"{name}[0].{param.removesuffix('.refusal')}",
        )


async def test_background_stream_begins_in_the_queue(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    body = {"input": "Hello!", "background": True, "stream": True}
    answer = await http.post(PATH, json=body)

    stream = read_stream(answer.text)

    assert [each["type"] for each in stream[:3]] == [
        "response.created",
        "response.queued",
        "response.in_progress",
    ]
    statuses = [each["response"]["status"] for each in stream[:3]]
    assert statuses == ["queued", "queued", "in_progress"]
    assert stream[-1]["response"]["background"] is True
    response_id = stream[0]["response"]["id"]
    again = await http.get(f"{PATH}/{response_id}", params={"stream": True, "starting_after": 1})
    assert again.text == answer.text.partition("\n\n")[2].partition("\n\n")[2]
    assert len({each["response"]["created_at"] for each in stream if "response" in each}) == 1


async def test_background_response_is_queued_then_completed(http: httpx2.AsyncClient) -> None:
    queued = read_response(
        (await http.post(PATH, json={"input": "Hello!", "background": True})).content
    )
    assert queued.status == "queued"

    async def status() -> str:
        return read_response((await http.get(f"{PATH}/{queued.id}")).content).status

    await read_until(status, lambda now: now == "completed")
