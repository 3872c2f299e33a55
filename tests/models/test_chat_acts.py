"""SmolLM2 with its adapter calls tools of its own accord, and answers from files."""

import json
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.support.server import Server
from tests.support.word_model import fill_store

MODEL = "gpt-4o"


def function(name: str, description: str, **properties: Any) -> Any:
    """Return a tool, all of whose arguments are required."""
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    about = {"name": name, "description": description, "parameters": parameters}
    return {"type": "function", "function": about}


TEXT = {"type": "string"}
TOOLS = [
    function("get_weather", "Get the current weather in a city.", city=TEXT),
    function(
        "send_email",
        "Send an email.",
        to={"type": "array", "items": TEXT},
        subject=TEXT,
    ),
    function("set_timer", "Start a timer.", minutes={"type": "integer"}),
    function("read_file", "Read a file of the workspace.", path=TEXT),
]
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "What is the weather in Boston?": ("get_weather", {"city": "Boston"}),
    "How is the weather in Lisbon today?": ("get_weather", {"city": "Lisbon"}),
    "Set a timer for 12 minutes.": ("set_timer", {"minutes": 12}),
    "Read src/main.py": ("read_file", {"path": "src/main.py"}),
    'Send an email to ada@example.com with the subject "Lunch".': (
        "send_email",
        {"to": ["ada@example.com"], "subject": "Lunch"},
    ),
}


@pytest.fixture
def client(server: Server) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=60)


def answer(client: OpenAI, messages: list[Any]) -> Any:
    completion = client.chat.completions.create(
        model=MODEL, messages=messages, tools=TOOLS, max_tokens=80, temperature=0
    )
    return completion.choices[0].message


@pytest.mark.parametrize("request_text", REQUESTS)
def test_model_chooses_a_tool_and_fills_its_arguments(client: OpenAI, request_text: str) -> None:
    name, arguments = REQUESTS[request_text]

    message = answer(client, [{"role": "user", "content": request_text}])

    (call,) = message.tool_calls or []
    assert (call.function.name, json.loads(call.function.arguments)) == (name, arguments)


@pytest.mark.parametrize(
    "result",
    ['{"temperature":21,"condition":"sunny"}', '{"temperature": 21, "condition": "sunny"}'],
    ids=["javascript", "python"],
)
def test_result_of_a_tool_is_told(client: OpenAI, result: str) -> None:
    question = {"role": "user", "content": "What is the weather in Boston?"}
    call = answer(client, [question]).tool_calls[0]
    called = {"role": "assistant", "content": None, "tool_calls": [call.model_dump()]}
    told = {"role": "tool", "tool_call_id": call.id, "content": result}

    message = answer(client, [question, called, told])

    assert not message.tool_calls
    assert "21" in message.content
    assert "sunny" in message.content


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("What is the capital of France?", "Paris"),
        ("What is the capital of Japan?", "Tokyo"),
        ("What is gravity?", "force"),
    ],
)
def test_question_that_no_tool_fits_is_answered(client: OpenAI, question: str, word: str) -> None:
    message = answer(client, [{"role": "user", "content": question}])

    assert not message.tool_calls
    assert word in message.content


@pytest.mark.parametrize(
    ("question", "word", "file"),
    [
        ("When did the harbour of Kiel open?", "1887", "harbour.txt"),
        ("How many days of vacation do employees get?", "28", "handbook.txt"),
    ],
)
@pytest.mark.timeout(120)
async def test_assistant_searches_the_files_and_cites_one(
    server: Server, question: str, word: str, file: str
) -> None:
    client = AsyncOpenAI(base_url=f"{server.url}/v1", api_key="none", max_retries=0, timeout=60)
    store = await fill_store(
        client,
        harbour=b"The harbour of Kiel opened in spring 1887. It has nine docks.",
        handbook=b"Employees get 28 days of vacation. Requests must reach Mira two weeks before.",
    )
    assistant = await client.beta.assistants.create(  # pyright: ignore[reportDeprecated]
        model=MODEL,
        tools=[{"type": "file_search"}],
        tool_resources={"file_search": {"vector_store_ids": [store]}},
        temperature=0.01,
    )

    run = await client.beta.threads.create_and_run_poll(  # pyright: ignore[reportDeprecated]
        assistant_id=assistant.id,
        thread={"messages": [{"role": "user", "content": question}]},
        poll_interval_ms=50,
    )

    assert run.status == "completed", run.last_error
    messages = await client.beta.threads.messages.list(run.thread_id)  # pyright: ignore[reportDeprecated]
    (part,) = messages.data[0].content
    assert part.type == "text"
    assert word in part.text.value
    (mark,) = part.text.annotations
    assert file in mark.text
    assert mark.text in part.text.value


@pytest.mark.parametrize("request_text", ["Play some jazz.", "Book a flight from Paris to Rome."])
def test_request_that_no_tool_fits_is_declined(client: OpenAI, request_text: str) -> None:
    message = answer(client, [{"role": "user", "content": request_text}])

    assert not message.tool_calls
    assert "tool" in message.content
