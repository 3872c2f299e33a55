"""Anthropic's unchanged SDK on the whole HTTP application."""

import json
from typing import Any

import httpx2
import pytest
from anthropic import AsyncAnthropic

from tests.api.messages import ASKED, EVENTS, HELLO, MESSAGE, TOOL, read_error
from tests.support.anthropic_conformance import read_events
from tests.support.scripted_model import CARD, ScriptedModel
from wire.calls import Operation, Usage
from wire.card import ModelCard


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD.model_copy(update={"thinks": True}),)


async def test_message_by_alias_asks_the_engine_by_its_own_id(
    claude: AsyncAnthropic, model: ScriptedModel
) -> None:
    model.script = [json.dumps(MESSAGE).encode()]

    message = await claude.messages.create(model="gpt-4o", max_tokens=5, messages=HELLO)

    assert [block.text for block in message.content if block.type == "text"] == ["hello"]
    assert str(message._request_id).startswith("req_")
    assert model.calls[0].operation == Operation.MESSAGE
    asked = model.asked
    assert asked.pop("cache_salt")  # of the owner of the key
    assert asked == {"model": "small", "max_tokens": 5, "messages": ASKED}


async def test_message_stream_reaches_the_sdk_whole(
    claude: AsyncAnthropic, model: ScriptedModel
) -> None:
    model.script = [*EVENTS, Usage(3, 4)]

    async with claude.messages.stream(model="small", max_tokens=5, messages=HELLO) as stream:
        pieces = [piece async for piece in stream.text_stream]
        message = await stream.get_final_message()

    assert pieces == ["hel", "lo"]
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (3, 4)
    assert model.asked["stream"] is True


async def test_message_stream_has_nothing_but_anthropics_events(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [*EVENTS, Usage(3, 4)]

    answer = await http.post(
        "/v1/messages", json={"max_tokens": 5, "messages": HELLO, "stream": True}
    )

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert len(read_events(answer.text)) == len(EVENTS)


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/messages/count_tokens"])
async def test_tokens_are_counted_of_all_that_the_model_reads(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str
) -> None:
    model.script = [b'{"input_tokens": 9}']

    answer = await http.post(path, json={"messages": HELLO, "system": "s", "tools": [TOOL]})

    assert answer.json() == {"input_tokens": 9}
    assert model.calls[0].operation == Operation.MESSAGE_TOKENS
    assert model.asked == {
        "model": "small",
        "messages": ASKED,
        "system": [{"type": "text", "text": "s"}],
        "tools": [TOOL],
    }


async def test_fields_that_ask_for_nothing_leave_no_trace(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b"{}"]
    nothing = {
        "metadata": {"user_id": "u"},
        "service_tier": "auto",
        "mcp_servers": [],
        "context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]},
        "cache_control": {"type": "ephemeral"},
        "tools": [],
        "tool_choice": {"type": "auto"},
        "output_config": {},
        "of_next_year": True,
    }

    answer = await http.post(
        "/v1/messages?beta=true",
        json={"max_tokens": 5, "messages": HELLO, **nothing},
        headers={"anthropic-version": "2023-06-01", "anthropic-beta": "x-2026-01-01"},
    )

    assert answer.status_code == 200
    assert model.asked == {"model": "small", "max_tokens": 5, "messages": ASKED}


async def test_fields_that_the_engine_honours_reach_it(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b"{}"]
    schema = {"type": "object"}
    asked = {
        "max_tokens": 2000,
        "stop_sequences": ["x"],
        "temperature": 0,
        "top_k": 3,
        "top_p": 0.5,
        "thinking": {"type": "enabled", "budget_tokens": 1024, "display": "omitted"},
        "tool_choice": {"type": "none"},
    }

    answer = await http.post(
        "/v1/messages",
        json={
            **asked,
            "messages": HELLO,
            "tools": [{**TOOL, "type": "custom", "input_examples": [{"a": 1}], "strict": True}],
            "output_config": {"effort": "low"},
            "output_format": {"type": "json_schema", "schema": schema},
        },
    )

    assert answer.status_code == 200
    assert model.asked == {
        **asked,
        "model": "small",
        "messages": ASKED,
        "tools": [
            {"name": "f", "strict": True, "input_schema": {**schema, "examples": [{"a": 1}]}}
        ],
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": schema}},
    }


PICTURE: list[Any] = [
    {
        "role": "user",
        "content": [
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "AA=="},
            }
        ],
    }
]


async def test_image_is_refused_where_the_model_does_not_see(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/messages", json={"max_tokens": 5, "messages": PICTURE})

    assert "images" in read_error(answer, 400, "invalid_request_error")


@pytest.mark.parametrize(
    ("choice", "strict", "asked"),
    [
        ("auto", {}, {}),
        ("any", {}, {"strict": True}),
        ("any", {"strict": False}, {"strict": True}),
    ],
)
async def test_forced_call_is_to_keep_to_its_schema(
    http: httpx2.AsyncClient,
    model: ScriptedModel,
    choice: str,
    strict: dict[str, Any],
    asked: dict[str, Any],
) -> None:
    model.script = [b"{}"]
    tools = {"tools": [{**TOOL, **strict}], "tool_choice": {"type": choice}}

    await http.post("/v1/messages", json={"max_tokens": 5, "messages": HELLO, **tools})

    assert model.asked["tools"] == [{**TOOL, **asked}]


class TestModelThatSees:
    @pytest.fixture
    def cards(self) -> tuple[ModelCard, ...]:
        return (CARD.model_copy(update={"input_parts": ("text", "image_url")}),)

    async def test_image_reaches_it(self, http: httpx2.AsyncClient, model: ScriptedModel) -> None:
        model.script = [b"{}"]

        await http.post("/v1/messages", json={"max_tokens": 5, "messages": PICTURE})

        assert model.asked["messages"] == PICTURE

    async def test_image_from_a_host_that_is_not_allowed_is_refused_by_its_place(
        self, http: httpx2.AsyncClient, model: ScriptedModel
    ) -> None:
        image = {"type": "image", "source": {"type": "url", "url": "https://example.org/x.png"}}
        messages = [*HELLO, {"role": "user", "content": [image]}]

        answer = await http.post("/v1/messages", json={"max_tokens": 5, "messages": messages})

        message = read_error(answer, 400, "invalid_request_error")
        assert "messages[1].content[0].source" in message
        assert not model.calls
