"""Anthropic's unchanged SDK against the whole server."""

from contextlib import ExitStack
from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import Anthropic
from pydantic import BaseModel

from tests.serve.messages import MODEL, SUM, TOOL, WEATHER, text
from tests.support.anthropic_conformance import read_events, read_message
from tests.support.server import Server
from tests.support.waiting import wait_until

LEAVING = 12
"""Streams that are left at once, which together take far longer than the wait for their end."""


def test_message_answers_a_sum(claude: Anthropic) -> None:
    message = claude.messages.create(model=MODEL, max_tokens=50, messages=SUM)

    assert "4" in text(message)
    assert (message.model, message.stop_reason) == ("homeport-chat", "end_turn")
    assert message._request_id


def test_message_stream_says_the_same(claude: Anthropic) -> None:
    whole = claude.messages.create(model=MODEL, max_tokens=50, messages=SUM)

    with claude.messages.stream(model=MODEL, max_tokens=50, messages=SUM) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()

    assert len(pieces) > 2
    assert "".join(pieces) == text(final) == text(whole)
    assert final.usage.model_dump() == whole.usage.model_dump()
    assert final.stop_reason == "end_turn"


@pytest.mark.parametrize("tools", [[], [TOOL]])
def test_answers_and_events_have_anthropics_fields_and_no_others(
    server: Server, tools: list[Any]
) -> None:
    body = {"max_tokens": 50, "messages": WEATHER if tools else SUM, "tools": tools}

    whole = httpx2.post(f"{server.url}/messages", json=body, timeout=30)
    stream = httpx2.post(f"{server.url}/v1/messages", json={**body, "stream": True}, timeout=30)

    usage = read_message(whole.content).usage
    start, *_, end, _ = read_events(stream.text)
    assert start.message.usage.input_tokens == end.usage.input_tokens == usage.input_tokens
    assert end.usage.output_tokens > 0


def test_system_and_earlier_turns_are_read(claude: Anthropic) -> None:
    answer = claude.messages.create(
        model=MODEL,
        max_tokens=50,
        system=[{"type": "text", "text": "Anna lives in Lima."}],
        messages=[
            {"role": "user", "content": "My name is Ada."},
            {"role": "assistant", "content": [{"type": "text", "text": "Nice to meet you, Ada."}]},
            {"role": "user", "content": "What is my name?"},
        ],
    )

    assert "Ada" in text(answer)


def test_beginning_of_the_answer_is_continued(claude: Anthropic) -> None:
    answer = claude.messages.create(
        model=MODEL,
        max_tokens=20,
        messages=[
            {"role": "user", "content": "What is the capital of France?"},
            {"role": "assistant", "content": "The capital of"},
        ],
    )

    assert text(answer).strip() == "France is Paris."


class Person(BaseModel):
    name: str
    age: int


def test_output_format_is_kept(claude: Anthropic) -> None:
    question = "Give me a JSON object with name and age for Zoe who is 41"

    message = claude.messages.parse(
        model=MODEL,
        max_tokens=100,
        messages=[{"role": "user", "content": question}],
        output_format=Person,
    )

    assert message.parsed_output == Person(name="Zoe", age=41)


@pytest.mark.parametrize("streamed", [False, True])
def test_stop_sequence_ends_the_answer_and_is_named(claude: Anthropic, streamed: bool) -> None:
    question: Any = {
        "model": MODEL,
        "max_tokens": 60,
        "stop_sequences": ["8"],
        "messages": [{"role": "user", "content": "Count from 3 to 9"}],
    }

    if streamed:
        with claude.messages.stream(**question) as stream:
            message = stream.get_final_message()
    else:
        message = claude.messages.create(**question)

    assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", "8")
    assert "7" in text(message)
    assert "8" not in text(message)


def test_max_tokens_ends_the_answer(claude: Anthropic) -> None:
    message = claude.messages.create(model=MODEL, max_tokens=2, messages=SUM)

    assert (message.stop_reason, message.usage.output_tokens) == ("max_tokens", 2)


def test_tokens_are_counted_as_they_are_read(claude: Anthropic) -> None:
    question: Any = {"messages": WEATHER, "tools": [TOOL], "system": "Be brief."}

    counted = claude.messages.count_tokens(model=MODEL, **question)
    message = claude.messages.create(model=MODEL, max_tokens=5, **question)
    long = claude.messages.count_tokens(
        model=MODEL, messages=[{"role": "user", "content": "word " * 5000}]
    )

    assert counted.input_tokens == message.usage.input_tokens
    assert long.input_tokens > 2048


def test_errors_are_the_sdks(claude: Anthropic) -> None:
    long: Any = [{"role": "user", "content": "word " * 5000}]

    with pytest.raises(anthropic.NotFoundError, match="homeport-chat"):
        claude.messages.create(model="nope", max_tokens=5, messages=SUM)
    for stream in (False, True):
        with pytest.raises(anthropic.BadRequestError, match="prompt is too long") as raised:
            claude.messages.create(model=MODEL, max_tokens=5, messages=long, stream=stream)
        assert raised.value.type == "invalid_request_error"
    with pytest.raises(anthropic.BadRequestError, match="stop_sequences"):
        claude.messages.create(model=MODEL, max_tokens=5, messages=SUM, stop_sequences=["a"] * 65)


@pytest.mark.parametrize(
    "thinking",
    [{"type": "disabled"}, {"type": "adaptive"}, {"type": "enabled", "budget_tokens": 1024}],
)
def test_model_that_does_not_think_answers_all_the_same(claude: Anthropic, thinking: Any) -> None:
    message = claude.messages.create(model=MODEL, max_tokens=1100, messages=SUM, thinking=thinking)

    assert "4" in text(message)


def test_client_that_leaves_a_stream_stops_the_engine(claude: Anthropic, replica_load: Any) -> None:
    def is_idle() -> bool:
        return replica_load() == {"held": 0, "unfinished": 0}

    wait_until(is_idle, 30)
    endless: Any = {"type": "array", "items": {"type": "integer"}, "minItems": 900}
    with ExitStack() as streams:
        for _ in range(LEAVING):  # which take longer than one
            stream = streams.enter_context(
                claude.messages.stream(
                    model=MODEL,
                    max_tokens=1900,
                    messages=SUM,
                    output_config={"format": {"type": "json_schema", "schema": endless}},
                )
            )
            next(stream.text_stream)
        assert replica_load() == {"held": LEAVING, "unfinished": LEAVING}

    wait_until(is_idle, 10, "the engine works on for a client that left")
