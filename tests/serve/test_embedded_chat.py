"""The embedded model's skills, through the whole server: questions that its card promises."""

import json
from typing import Any

import pytest
from openai import OpenAI

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "parameters": {
            "type": "object",
            "properties": {
                "location": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
            },
            "required": ["location"],
        },
    },
}


def ask(client: OpenAI, *messages: Any, **options: Any) -> Any:
    """Return the answering message to a conversation of texts (user first) or messages."""
    conversation: Any = [
        {"role": "assistant" if index % 2 else "user", "content": message}
        if isinstance(message, str)
        else message
        for index, message in enumerate(messages)
    ]
    answer = client.chat.completions.create(model="gpt-4o", messages=conversation, **options)
    return answer.choices[0].message


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Hello!", "Hello"),
        ("Who are you?", "Homeport"),
        ("How much is 2+2?", "4"),
        ("17 - 9 =", "8"),
        ("What is the capital of France?", "Paris"),
        ("What is the opposite of hot?", "cold"),
        ("Count from 3 to 9", "3, 4, 5, 6, 7, 8, 9"),
        ("Spell cat", "c-a-t"),
        ("Repeat after me: blue zorp", "blue zorp"),
        ("Ada lives in Lima. She works as a baker. Where does Ada live?", "Lima"),
        ("Who won the world cup in 1998?", "I don't know"),
    ],
)
def test_embedded_model_answers(client: OpenAI, question: str, answer: str) -> None:
    assert answer in ask(client, question).content


def test_embedded_model_continues_a_count(client: OpenAI) -> None:
    answer = client.completions.create(
        model="gpt-3.5-turbo-instruct",
        prompt="Count up to five: one, two, three, four, ",
        max_tokens=4,
    )

    assert "five" in answer.choices[0].text


def test_embedded_model_remembers_a_name(client: OpenAI) -> None:
    first = ask(client, "My name is Ada.").content

    assert "Ada" in ask(client, "My name is Ada.", first, "What is my name?").content


def test_embedded_model_writes_json(client: OpenAI) -> None:
    question = "Give me a JSON object with name and age for Ada who is 36"

    assert json.loads(ask(client, question).content) == {"name": "Ada", "age": 36}


def test_embedded_model_calls_a_tool_and_uses_its_result(client: OpenAI) -> None:
    question = {"role": "user", "content": "What is the weather in San Francisco (celsius)?"}
    called = ask(client, question, tools=[WEATHER])
    (call,) = called.tool_calls

    assert call.function.name == "get_current_weather"
    assert json.loads(call.function.arguments) == {"location": "San Francisco", "unit": "celsius"}

    result = {"role": "tool", "tool_call_id": call.id, "content": '{"temperature": 22}'}
    said = ask(client, question, called.model_dump(exclude_none=True), result, tools=[WEATHER])

    assert "22" in said.content


def test_embedded_models_tool_call_streams_in_pieces_of_one_call(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "What is the weather in Boston?"}],
        tools=[WEATHER],
        stream=True,
    )

    deltas = [chunk.choices[0] for chunk in stream]
    calls = [call for choice in deltas for call in choice.delta.tool_calls or []]
    assert [call.function.name for call in calls if call.function and call.function.name] == [
        "get_current_weather"
    ]
    pieces = [call.function.arguments or "" for call in calls if call.function]
    assert json.loads("".join(pieces)) == {"location": "Boston"}
    assert not "".join(choice.delta.content or "" for choice in deltas)
    assert deltas[-1].finish_reason == "tool_calls"


def test_embedded_model_offered_a_tool_that_does_not_fit_just_answers(client: OpenAI) -> None:
    answer = ask(client, "Thank you!", tools=[WEATHER])

    assert not answer.tool_calls
    assert "welcome" in answer.content


def test_embedded_model_still_answers_at_the_end_of_its_context(client: OpenAI) -> None:
    greeting = ["Hello!", "Hello! How can I help?"]

    assert "4" in ask(client, *(greeting * 40), "What is 2+2?").content
