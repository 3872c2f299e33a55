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


PARAGRAPH = (
    "The museum is in Lisbon. It rained for most of the week. The museum opens at 9 am. "
    "The castle was built in 1634. Ada lives in Porto. The museum costs 12 euros. "
    "Victor works as a painter. The castle belongs to Sofia."
)


def make_tool(name: str, description: str, /, **parameters: str) -> Any:
    """Return a tool with parameters of these types."""
    properties = {parameter: {"type": kind} for parameter, kind in parameters.items()}
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {"type": "object", "properties": properties},
        },
    }


FIVE: Any = [
    make_tool("get_time", "Get the current time in a city", city="string"),
    make_tool("delete_file", "Delete the file.", name="string"),
    make_tool("play_music", "Plays music.", title="string"),
    make_tool("set_timer", "Start a timer", minutes="integer"),
    make_tool("create_invoice", "Create an invoice.", customer="string", amount="integer"),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Hello!", "Hello"),
        ("Who are you?", "Homeport"),
        ("Thank you!", "welcome"),
        ("How much is 2+2?", "4"),
        ("17 - 9 =", "8"),
        ("What is 47 + 18?", "65"),
        ("How much is 96-78?", "18"),
        ("What is 75 plus 28?", "103"),
        ("What is the capital of France?", "Paris"),
        ("What is the opposite of hot?", "cold"),
        ("How many legs does a spider have?", "8"),
        ("Which day comes after Monday?", "Tuesday"),
        ("Count from 3 to 9", "3, 4, 5, 6, 7, 8, 9"),
        ("Which number comes after 41?", "42"),
        ("Spell cat", "c-a-t"),
        ("How do you spell garden?", "g-a-r-d-e-n"),
        ("Repeat after me: blue zorp", "blue zorp"),
        ('Say "the green train to London".', "the green train to London"),
        ("Ada lives in Lima. She works as a baker. Where does Ada live?", "Lima"),
        ("Who won the world cup in 1998?", "I don't know"),
        ("Write a poem about rain.", "I don't know"),
    ],
)
def test_embedded_model_answers(client: OpenAI, question: str, answer: str) -> None:
    assert answer in ask(client, question).content


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When does the museum open?", "The museum opens at 9 am."),
        ("How much does the museum cost?", "The museum costs 12 euros."),
        ("Who owns the castle?", "The castle belongs to Sofia."),
        ("When was the castle built?", "The castle was built in 1634."),
        ("Where does Ada live?", "Ada lives in Porto."),
    ],
)
@pytest.mark.parametrize("form", ["{t}\n\n{q}", "Context: {t}\n\nQuestion: {q}", "system"])
def test_embedded_model_answers_from_a_pasted_paragraph(
    client: OpenAI, form: str, question: str, answer: str
) -> None:
    if form == "system":
        context = {"role": "system", "content": f"Context: {PARAGRAPH}"}
        said = ask(client, context, {"role": "user", "content": question})
    else:
        said = ask(client, form.format(t=PARAGRAPH, q=question))

    assert said.content == answer


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


@pytest.mark.parametrize(
    ("question", "object_"),
    [
        ("a JSON object with name and age for Ada who is 36", {"name": "Ada", "age": 36}),
        ("a JSON object with city Lima and price 12", {"city": "Lima", "price": 12}),
        ("JSON with title = bridge, count = 7", {"title": "bridge", "count": 7}),
    ],
)
def test_embedded_model_writes_json(client: OpenAI, question: str, object_: Any) -> None:
    assert json.loads(ask(client, f"Give me {question}").content) == object_


@pytest.mark.parametrize(
    ("request_", "name", "arguments"),
    [
        ("What time is it in Oslo?", "get_time", {"city": "Oslo"}),
        ("Please delete the file with name budget.", "delete_file", {"name": "budget"}),
        ('Play the song "summer rain".', "play_music", {"title": "summer rain"}),
        ("Set a timer for 25 minutes.", "set_timer", {"minutes": 25}),
        (
            "Create an invoice: customer = Maria, amount = 120",
            "create_invoice",
            {"customer": "Maria", "amount": 120},
        ),
    ],
)
def test_embedded_model_calls_the_right_one_of_five_tools(
    client: OpenAI, request_: str, name: str, arguments: Any
) -> None:
    (call,) = ask(client, request_, tools=FIVE).tool_calls

    assert call.function.name == name
    assert json.loads(call.function.arguments) == arguments


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


@pytest.mark.parametrize(
    ("question", "expected"),
    [("What is 47 + 18?", "65"), ("What is the capital of France?", "Paris")],
)
def test_embedded_model_still_answers_at_the_end_of_its_context(
    client: OpenAI, question: str, expected: str
) -> None:
    greetings: Any = [
        {"role": role, "content": content}
        for _ in range(82)
        for role, content in (("user", "Hello!"), ("assistant", "Hello! How can I help?"))
    ]
    asked: Any = {"role": "user", "content": question}

    answer = client.chat.completions.create(model="gpt-4o", messages=[*greetings, asked])

    assert answer.usage
    assert 1_850 < answer.usage.prompt_tokens < 2_000
    assert expected in str(answer.choices[0].message.content)
