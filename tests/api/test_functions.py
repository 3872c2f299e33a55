"""OpenAI's first form of tools, through the SDK that still sends it."""

import json
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

from tests.api.errors import assert_openai_error
from tests.support.scripted_model import ScriptedModel

WEATHER: Any = {
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
ARGUMENTS = '{"city": "Oslo"}'
CALL = {"name": "get_weather", "arguments": ARGUMENTS}
ASKED: list[Any] = [{"role": "user", "content": "What is the weather in Oslo?"}]


def whole(message: dict[str, Any], reason: str = "tool_calls") -> bytes:
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "small",
            "choices": [{"index": 0, "message": message, "finish_reason": reason}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
        }
    ).encode()


def piece(delta: dict[str, Any], reason: str | None = None) -> bytes:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "small",
        "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
    }
    return f"data: {json.dumps(body)}\n\n".encode()


def part(**function: str) -> dict[str, Any]:
    named = {"id": "call_1", "type": "function"} if "name" in function else {}
    return {"tool_calls": [{"index": 0, **named, "function": function}]}


CALLED = {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "function": CALL}]}


async def test_function_is_offered_as_a_tool_and_its_call_comes_back_as_a_functions(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [whole(CALLED)]

    answer = await openai_client.chat.completions.create(
        model="small", messages=ASKED, functions=[WEATHER], function_call={"name": "get_weather"}
    )

    choice = answer.choices[0]
    assert choice.finish_reason == "function_call"
    assert choice.message.function_call is not None
    assert choice.message.function_call.model_dump() == CALL
    assert choice.message.tool_calls is None
    strict = {**WEATHER, "strict": True}  # since it must be called
    assert model.asked["tools"] == [{"type": "function", "function": strict}]
    assert model.asked["tool_choice"] == {"type": "function", "function": {"name": "get_weather"}}
    assert model.asked["parallel_tool_calls"] is False
    assert not {"functions", "function_call"} & set(model.asked)


async def test_function_call_streams_its_name_once_and_its_arguments_in_pieces(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [
        piece({"role": "assistant", "content": ""}),
        piece(part(name="get_weather", arguments="")),
        piece(part(arguments=ARGUMENTS[:5])),
        piece(part(arguments=ARGUMENTS[5:])),
        piece({}, "tool_calls"),
        b"data: [DONE]\n\n",
    ]

    stream = await openai_client.chat.completions.create(
        model="small", messages=ASKED, functions=[WEATHER], stream=True
    )
    choices = [chunk.choices[0] async for chunk in stream]

    calls = [call for choice in choices if (call := choice.delta.function_call)]
    assert [call.name for call in calls if call.name] == ["get_weather"]
    assert "".join(call.arguments or "" for call in calls) == ARGUMENTS
    assert not any(choice.delta.tool_calls for choice in choices)
    assert choices[-1].finish_reason == "function_call"


async def test_result_of_a_function_reaches_the_model_as_that_of_its_call(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [whole({"role": "assistant", "content": "It is sunny."}, "stop")]
    said: list[Any] = [
        *ASKED,
        {"role": "assistant", "content": None, "function_call": CALL},
        {"role": "function", "name": "get_weather", "content": "sunny"},
    ]

    answer = await openai_client.chat.completions.create(model="small", messages=said)

    assert answer.choices[0].message.content == "It is sunny."
    called, result = model.asked["messages"][1:]
    assert called["tool_calls"] == [{"id": "call_1", "type": "function", "function": CALL}]
    assert result == {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"functions": [WEATHER], "tools": []}, "tools"),
        ({"functions": [WEATHER], "tool_choice": "auto"}, "tool_choice"),
        ({"functions": [WEATHER], "function_call": {"name": "other"}}, "function_call"),
        ({"functions": [WEATHER], "function_call": "sometimes"}, "function_call"),
        ({"function_call": {"name": "get_weather"}}, "function_call"),
        ({"functions": [{"parameters": {}}]}, "functions[0].name"),
        ({"functions": [WEATHER] * 129}, "functions"),
        (
            {"messages": [{"role": "function", "name": "get_weather", "content": "sunny"}]},
            "messages[0].name",
        ),
        (
            {"messages": [{"role": "assistant", "function_call": {"name": "x"}}]},
            "messages[0].function_call.arguments",
        ),
        (
            {
                "functions": [WEATHER],
                "modalities": ["text", "audio"],
                "audio": {"voice": "alloy", "format": "wav"},
            },
            "functions",
        ),
    ],
)
async def test_function_that_cannot_be_called_is_refused_by_name(
    http: httpx2.AsyncClient, model: ScriptedModel, fields: dict[str, Any], param: str
) -> None:
    answer = await http.post("/v1/chat/completions", json={"messages": ASKED, **fields})

    assert_openai_error(answer, 400, param)
    assert not model.calls


async def test_empty_functions_ask_for_nothing(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [whole({"role": "assistant", "content": "Hi."}, "stop")]

    body = {"messages": ASKED, "functions": [], "function_call": "none"}
    answer = await http.post("/v1/chat/completions", json=body)

    assert answer.status_code == 200
    assert set(model.asked) == {"messages", "model"}
