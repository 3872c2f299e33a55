"""Responses and conversations through the whole server with the unchanged SDK."""

import itertools
import json
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel

from tests.support.openai_conformance import assert_conforms, events
from tests.support.server import Server
from tests.support.waiting import wait_until

MODEL = "gpt-4o"
WEATHER: Any = {
    "type": "function",
    "name": "get_current_weather",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
    "strict": True,
}
LONG = "Count from 1 to 60."


class Person(BaseModel):
    name: str
    age: int


def raw(server: Server, path: str, body: Any | None = None) -> str:
    """Return an answer as it came."""
    method = "GET" if body is None else "POST"
    answer = httpx2.request(method, f"{server.url}/v1/{path}", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def test_response_answers_in_exactly_openais_shape(server: Server) -> None:
    body = {"model": MODEL, "input": "What is 2+2?", "metadata": {"team": "a"}, "user": "ada"}

    answer: Response = assert_conforms(Response, raw(server, "responses", body))

    assert answer.output_text == "2 + 2 = 4."
    assert answer.id.startswith("resp_")
    assert (answer.status, answer.error, answer.incomplete_details) == ("completed", None, None)
    assert (answer.metadata, answer.user, answer.model) == ({"team": "a"}, "ada", "homeport-chat")
    assert answer.tool_choice == "auto"
    assert answer.max_output_tokens is None
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens


def test_response_that_reaches_its_limit_is_incomplete(client: OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input=LONG, max_output_tokens=4)

    assert answer.status == "incomplete"
    assert answer.incomplete_details
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.usage
    assert answer.usage.output_tokens == 4


@pytest.mark.parametrize("ending", ["completed", "incomplete"])
def test_response_stream_has_every_event_in_order_and_in_shape(server: Server, ending: str) -> None:
    limit = {"max_output_tokens": 4} if ending == "incomplete" else {}
    body = {"model": MODEL, "input": "What is 2+2?", "stream": True, **limit}

    told = list(events(raw(server, "responses", body)))

    shaped = [assert_conforms(ResponseStreamEvent, data) for _, data in told]
    assert [name for name, _ in told] == [event.type for event in shaped]
    assert [event.sequence_number for event in shaped] == list(range(len(shaped)))
    kinds = [kind for kind, _ in itertools.groupby(event.type for event in shaped)]
    assert kinds == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        f"response.{ending}",
    ]
    pieces = [event.delta for event in shaped if event.type == "response.output_text.delta"]
    assert len(pieces) > 1
    assert "".join(pieces) == shaped[-1].response.output_text
    assert len({event.response.id for event in (shaped[0], shaped[1], shaped[-1])}) == 1
    assert (shaped[0].response.status, shaped[-1].response.status) == ("in_progress", ending)


def test_stream_helper_accumulates_and_parse_gives_the_object(client: OpenAI) -> None:
    with client.responses.stream(model=MODEL, input="What is 2+2?") as stream:
        final = stream.get_final_response()
    parsed = client.responses.parse(
        model=MODEL,
        input="Give me a JSON object with name and age for Ada who is 36",
        text_format=Person,
    )

    assert final.output_text == "2 + 2 = 4."
    assert parsed.output_parsed == Person(name="Ada", age=36)


def test_response_goes_on_from_the_one_before(client: OpenAI) -> None:
    first = client.responses.create(model=MODEL, input="My name is Ada.")
    second = client.responses.create(
        model=MODEL, input="What is my name?", previous_response_id=first.id
    )

    assert second.output_text == "Your name is Ada."
    assert second.previous_response_id == first.id
    assert client.responses.retrieve(second.id).output_text == second.output_text
    said = client.responses.input_items.list(second.id).data
    assert [item.content[0].text for item in said] == ["What is my name?"]  # type: ignore[union-attr]

    client.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError, match=first.id):
        client.responses.retrieve(first.id)


def test_response_that_is_not_stored_cannot_be_fetched(client: OpenAI) -> None:
    answer = client.responses.create(model=MODEL, input="Hello!", store=False)

    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(answer.id)


def test_conversation_remembers_what_its_responses_said(client: OpenAI) -> None:
    conversation = client.conversations.create(metadata={"topic": "names"})

    client.responses.create(model=MODEL, input="My name is Ada.", conversation=conversation.id)
    answer = client.responses.create(
        model=MODEL, input="What is my name?", conversation={"id": conversation.id}, stream=True
    )
    *_, last = answer

    assert last.type == "response.completed"
    assert last.response.output_text == "Your name is Ada."
    said = client.conversations.items.list(conversation.id, order="asc").data
    assert [item.role for item in said] == ["user", "assistant"] * 2  # type: ignore[union-attr]
    client.conversations.delete(conversation.id)
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def test_function_is_called_and_its_result_used(client: OpenAI) -> None:
    asked: list[Any] = [{"role": "user", "content": "What is the weather in Boston?"}]
    first = client.responses.create(model=MODEL, input=asked, tools=[WEATHER])

    (call,) = [item for item in first.output if item.type == "function_call"]
    assert call.name == "get_current_weather"
    assert json.loads(call.arguments) == {"location": "Boston"}
    result: Any = {
        "type": "function_call_output",
        "call_id": call.call_id,
        "output": '{"temperature": 22}',
    }
    second = client.responses.create(
        model=MODEL, input=[result], tools=[WEATHER], previous_response_id=first.id
    )
    assert "22" in second.output_text


def test_function_call_streams_in_shape(server: Server) -> None:
    body = {
        "model": MODEL,
        "input": "What is the weather in Boston?",
        "tools": [WEATHER],
        "tool_choice": "required",
        "stream": True,
    }

    told = list(events(raw(server, "responses", body)))

    shaped = [assert_conforms(ResponseStreamEvent, data) for _, data in told]
    name = "response.function_call_arguments.delta"
    pieces = [event.delta for event in shaped if event.type == name]
    (done,) = [e for e in shaped if e.type == "response.function_call_arguments.done"]
    assert json.loads("".join(pieces)) == json.loads(done.arguments)
    assert isinstance(json.loads(done.arguments)["location"], str)
    assert [item.type for item in shaped[-1].response.output] == ["function_call"]


def test_response_in_the_background_is_made_and_fetched(client: OpenAI) -> None:
    queued = client.responses.create(model=MODEL, input="What is 2+2?", background=True)

    assert queued.status == "queued"
    wait_until(lambda: client.responses.retrieve(queued.id).status == "completed", 20)
    assert client.responses.retrieve(queued.id).output_text == "2 + 2 = 4."
    with pytest.raises(openai.BadRequestError, match="completed"):
        client.responses.cancel(queued.id)


def test_background_stream_can_be_followed_again_from_any_event(client: OpenAI) -> None:
    stream = client.responses.create(
        model=MODEL, input="What is 2+2?", background=True, stream=True
    )
    told = list(stream)

    first = told[0]
    assert first.type == "response.created"
    again = list(client.responses.retrieve(first.response.id, stream=True, starting_after=3))
    assert [event.sequence_number for event in told] == list(range(len(told)))
    assert again == told[4:]
    assert told[-1].type == "response.completed"


def test_response_in_the_background_can_be_cancelled(client: OpenAI, replica_load: Any) -> None:
    queued = client.responses.create(
        model=MODEL,
        input="Hello!",
        background=True,
        max_output_tokens=1500,
        extra_body={"ignore_eos": True},
    )

    assert client.responses.cancel(queued.id).status == "cancelled"

    assert client.responses.retrieve(queued.id).status == "cancelled"
    wait_until(lambda: replica_load() == {"held": 0, "unfinished": 0}, 20)
    assert client.responses.retrieve(queued.id).output == []


def test_input_tokens_are_counted_without_an_answer(client: OpenAI) -> None:
    counted = client.responses.input_tokens.count(model=MODEL, input="What is 2+2?")
    answered = client.responses.create(model=MODEL, input="What is 2+2?")

    assert answered.usage
    assert counted.input_tokens == answered.usage.input_tokens


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": "word " * 3000}, "input"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input"),
    ],
)
def test_response_that_the_model_cannot_make_names_the_field(
    client: OpenAI, fields: Any, param: str
) -> None:
    asked: Any = {"model": MODEL, "input": "Hello!", **fields}

    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(**asked)

    assert str(raised.value.param).startswith(param)
