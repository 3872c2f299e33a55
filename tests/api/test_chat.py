import json
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from tests.api.chat import ANSWER, HELLO
from tests.api.errors import assert_openai_error
from tests.support.scripted_model import ScriptedModel, chunk, overloaded
from wire.calls import Operation, Usage
from wire.errors import ContextLengthError, ModelOverloadedError, ReplicaLostError


async def test_chat_by_alias_asks_the_engine_by_its_own_id(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [ANSWER]

    answer = await openai_client.chat.completions.create(model="gpt-4o", messages=HELLO, top_p=0.5)

    assert answer.choices[0].message.content == "hello"
    assert model.calls[0].operation == Operation.CHAT_COMPLETION
    assert "cache_salt" in model.asked
    asked = {name: value for name, value in model.asked.items() if name != "cache_salt"}
    assert asked == {"model": "small", "messages": HELLO, "top_p": 0.5}


@pytest.mark.parametrize(
    ("metadata", "param"),
    [
        ({str(number): "x" for number in range(17)}, "metadata"),
        ({"n": 1}, "metadata.n"),
        ({"k": "x" * 513}, "metadata.k"),
        ({"k" * 65: "x"}, "metadata." + "k" * 65),
        ("x", "metadata"),
    ],
)
async def test_metadata_has_the_limits_of_stored_objects(
    http: httpx2.AsyncClient, model: ScriptedModel, metadata: Any, param: str
) -> None:
    model.script = [ANSWER]
    request = {"messages": HELLO, "metadata": metadata}

    answer = await http.post("/v1/chat/completions", json=request)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    request["metadata"] = {str(number): "x" * 512 for number in range(16)}
    assert (await http.post("/v1/chat/completions", json=request)).status_code == 200


async def test_chat_stream_ends_with_done_and_hides_the_usage_piece(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [chunk("a"), chunk("b"), b"data: [DONE]\n\n", Usage(1, 2)]

    answer = await http.post("/v1/chat/completions", json={"messages": HELLO, "stream": True})

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["x-accel-buffering"] == "no"
    assert answer.content == chunk("a") + chunk("b") + b"data: [DONE]\n\n"


async def test_error_before_the_first_chunk_is_an_http_error(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [overloaded(ModelOverloadedError)]

    with pytest.raises(openai.RateLimitError) as raised:
        await openai_client.chat.completions.create(model="small", messages=HELLO, stream=True)

    assert raised.value.response.headers["retry-after"] == "7"
    assert raised.value.code == "model_overloaded"


async def test_error_after_the_first_chunk_is_the_streams_last_event(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [chunk("a"), ReplicaLostError("The replica ended.")]

    stream = await openai_client.chat.completions.create(model="small", messages=HELLO, stream=True)

    assert (await anext(aiter(stream))).choices[0].delta.content == "a"
    with pytest.raises(openai.APIError, match=r"The replica ended\.") as raised:
        await anext(aiter(stream))
    assert raised.value.code == "replica_lost"


async def test_unexpected_failure_of_a_stream_tells_only_the_request_id(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [chunk("a"), RuntimeError("secret path /etc/x")]

    answer = await http.post(
        "/v1/chat/completions",
        json={"messages": HELLO, "stream": True},
        headers={"x-request-id": "req-of-mine"},
    )

    last = json.loads(answer.text.strip().split("\n\n")[-1].removeprefix("data: "))
    assert "secret" not in answer.text
    assert last["error"]["type"] == "server_error"
    assert "req-of-mine" in last["error"]["message"]


async def test_unexpected_failure_is_a_500_with_the_request_id(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [RuntimeError("secret path /etc/x")]

    answer = await http.post("/v1/chat/completions", json={"messages": HELLO})

    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["error"]["message"]


async def test_engines_refusal_reaches_the_sdk_as_its_exception(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [ContextLengthError("Too long.", "messages")]

    with pytest.raises(openai.BadRequestError) as raised:
        await openai_client.chat.completions.create(model="small", messages=HELLO)

    assert (raised.value.code, raised.value.param) == ("context_length_exceeded", "messages")


async def test_request_takes_a_place_for_each_answer_it_wants(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b"{}"]

    await http.post("/v1/completions", json={"prompt": ["a", "b", "c"], "n": 4})
    await http.post("/v1/completions", json={"prompt": [5, 6, 7]})
    await http.post("/v1/chat/completions", json={"messages": HELLO, "n": 2})

    assert [call.slots for call in model.calls] == [12, 1, 2]


async def test_failed_model_says_why(openai_client: AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as raised:
        await openai_client.chat.completions.create(model="broken", messages=HELLO)

    assert raised.value.status_code == 503
    assert "Field required" in raised.value.message


async def test_unknown_model_names_those_there_are(openai_client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="small") as raised:
        await openai_client.chat.completions.create(model="nope", messages=HELLO)

    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize("path", ["/v1/completions", "/completions"])
@pytest.mark.parametrize("prompt", ["x", ["x", "y"], [1, 2], [[1], [2]]])
async def test_completion_takes_every_form_of_prompt(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str, prompt: Any
) -> None:
    model.script = [b"{}"]

    answer = await http.post(path, json={"prompt": prompt, "echo": True})

    assert answer.status_code == 200
    assert model.asked == {"model": "small", "prompt": prompt, "echo": True}


async def test_tokenize_takes_localais_content_as_prompt(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b'{"tokens": [1]}']

    answer = await http.post("/v1/tokenize", json={"content": "x"})

    assert answer.json() == {"tokens": [1]}
    assert model.asked == {"model": "small", "prompt": "x"}


async def test_detokenize_answers_under_both_names(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b'{"prompt": "x"}']

    answer = await http.post("/detokenize", json={"tokens": [1]})

    assert answer.json() == {"prompt": "x", "content": "x"}


@pytest.mark.parametrize(
    ("choice", "given", "strict"),
    [
        ("required", {}, True),
        ({"type": "function", "function": {"name": "f"}}, {}, True),
        ("required", {"strict": False}, True),
        ("auto", {}, None),
        ("auto", {"strict": False}, False),
    ],
)
async def test_tool_that_must_be_called_keeps_to_its_schema(
    http: httpx2.AsyncClient, model: ScriptedModel, choice: Any, given: Any, strict: bool | None
) -> None:
    model.script = [ANSWER]
    tool = {"type": "function", "function": {"name": "f", "parameters": {}, **given}}

    body = {"messages": HELLO, "tools": [tool], "tool_choice": choice}
    answer = await http.post("/v1/chat/completions", json=body)

    assert answer.status_code == 200
    assert model.asked["tools"][0]["function"].get("strict") is strict


async def test_allowed_tools_are_those_the_model_gets_and_others_are_refused(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [ANSWER]
    named: list[Any] = [{"type": "function", "function": {"name": name}} for name in "fgh"]
    body = {"messages": HELLO, "tools": named[:2]}

    def allow(*tools: Any) -> dict[str, Any]:
        allowed = {"mode": "required", "tools": tools}
        return {"tool_choice": {"type": "allowed_tools", "allowed_tools": allowed}}

    answer = await http.post("/v1/chat/completions", json=body | allow(named[1]))
    refused = await http.post("/v1/chat/completions", json=body | allow(named[2]))

    assert answer.status_code == 200
    assert model.asked["tool_choice"] == "required"
    assert [tool["function"]["name"] for tool in model.asked["tools"]] == ["g"]
    message = assert_openai_error(refused, 400, "tool_choice.allowed_tools.tools[0]")
    assert "'h' is none of the 'tools': f, g" in message
