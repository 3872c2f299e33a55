"""Tools through Anthropic's unchanged SDK."""

import json
from typing import Any

import pytest
from anthropic import Anthropic
from anthropic.types import Message

from tests.serve.messages import MODEL, PICK, SUM, TOOL, WEATHER, find_call, text


@pytest.mark.parametrize("streamed", [False, True])
def test_tool_is_called_and_its_result_is_told(claude: Anthropic, streamed: bool) -> None:
    question: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 100,
        "tools": [TOOL],
    }

    def ask(messages: list[Any]) -> Message:
        if not streamed:
            return claude.messages.create(**question, messages=messages)
        with claude.messages.stream(**question, messages=messages) as stream:
            return stream.get_final_message()

    message = ask(WEATHER)
    call = find_call(message)
    assert message.stop_reason == "tool_use"
    assert (call.name, call.input) == ("get_current_weather", {"location": "Boston"})
    result = {
        "type": "tool_result",
        "tool_use_id": call.id,
        "content": [{"type": "text", "text": '{"temperature": 22}'}],
    }

    answer = ask(
        [
            *WEATHER,
            {"role": "assistant", "content": message.content},
            {"role": "user", "content": [result]},
        ]
    )

    assert "22" in text(answer)
    assert answer.stop_reason == "end_turn"


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "any"},
        {"type": "any", "disable_parallel_tool_use": True},
        {"type": "tool", "name": "pick"},
    ],
)
@pytest.mark.parametrize("streamed", [False, True])
def test_forced_call_keeps_to_the_schema(claude: Anthropic, choice: Any, streamed: bool) -> None:
    question: dict[str, Any] = {
        "model": MODEL,
        "max_tokens": 100,
        "messages": SUM,
        "tools": [PICK],
        "tool_choice": choice,
    }

    if streamed:
        with claude.messages.stream(**question) as stream:
            pieces = [e.partial_json for e in stream if e.type == "input_json"]
            message = stream.get_final_message()
        assert json.loads("".join(pieces)) == find_call(message).input
    else:
        message = claude.messages.create(**question)

    assert message.stop_reason == "tool_use"
    call = find_call(message)
    assert call.name == "pick"
    assert set(call.input) == {"code", "unit"}
    assert isinstance(call.input["code"], int)
    assert call.input["unit"] in ("x1", "y2")


def test_tools_that_may_not_be_called_are_not(claude: Anthropic) -> None:
    message = claude.messages.create(
        model=MODEL, max_tokens=50, messages=SUM, tools=[TOOL], tool_choice={"type": "none"}
    )

    assert {block.type for block in message.content} == {"text"}
