"""SmolLM2 answers ordinary questions, as well as 135 million weights can."""

import asyncio
import json
import re
from typing import Any

import pytest
from openai import AsyncOpenAI, OpenAI

from tests.support.server import Server

QUESTIONS = {
    "What is the capital of France?": r"\bParis\b",
    "What is the capital of Japan?": r"\bTokyo\b",
    "What is the capital of Italy?": r"\bRome\b",
    "Which planet do we live on?": r"\bEarth\b",
    "What is the largest planet of the solar system?": r"\bJupiter\b",
    "What is the chemical symbol of water?": r"H2O|H₂O|hydrogen",
    "Who wrote Romeo and Juliet?": r"Shakespeare",
    "What do bees make?": r"honey|pollen|nectar",
    "Which animal barks?": r"\bdogs?\b",
    "What colour is the sky on a clear day?": r"\bblue\b",
    "What is photosynthesis?": r"light|sun",
    "What is gravity?": r"force|attract",
    "What is a volcano?": r"lava|magma|erupt",
    "Which gas do humans need to breathe?": r"oxygen",
    "On which continent is Egypt?": r"Africa",
    "What is the opposite of hot?": r"\bcold\b|cool",
    "How many days does a week have?": r"\b7\b|seven",
    "What is bread made of?": r"flour|wheat",
    "What language is spoken in Brazil?": r"Portuguese",
    "What is the freezing point of water in Celsius?": r"\b0\b|zero",
}
LEAST_RIGHT = 14
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 30}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


async def answer_all(url: str) -> dict[str, str]:
    client = AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0, timeout=100)

    async def answer(question: str) -> str:
        completion = await client.chat.completions.create(
            model="gpt-4o",
            messages=[{"role": "user", "content": question}],
            max_tokens=60,
            temperature=0,
        )
        return completion.choices[0].message.content or ""

    return dict(zip(QUESTIONS, await asyncio.gather(*map(answer, QUESTIONS)), strict=True))


@pytest.mark.timeout(120)
def test_questions_of_general_knowledge_are_answered(server: Server) -> None:
    answers = asyncio.run(answer_all(server.url))

    wrong = {
        question: answers[question]
        for question, pattern in QUESTIONS.items()
        if not re.search(pattern, answers[question], re.IGNORECASE)
    }
    assert len(QUESTIONS) - len(wrong) >= LEAST_RIGHT, wrong


def test_poem_is_written(client: OpenAI) -> None:
    completion = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Write a short poem about the sea."}],
        max_tokens=80,
        temperature=0,
    )

    assert re.search(r"sea|ocean|waves?", completion.choices[0].message.content or "")


def test_answer_by_schema_has_its_form(client: OpenAI) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    completion = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "Ada is 36 years old. Give her name and age."}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "person", "schema": schema, "strict": True},
        },
        max_tokens=60,
        temperature=0,
    )

    assert json.loads(completion.choices[0].message.content or "") == {"name": "Ada", "age": 36}


def test_tool_that_must_be_called_is_called_with_its_argument(client: OpenAI) -> None:
    completion = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "What is the weather in Boston?"}],
        tools=[WEATHER],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        max_tokens=60,
        temperature=0,
    )

    (call,) = completion.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert "Boston" in json.loads(call.function.arguments)["city"]


def test_long_prompt_fits_the_context(client: OpenAI) -> None:
    completion = client.completions.create(model="gpt-4o", prompt="word " * 2000, max_tokens=1)

    assert completion.usage is not None
    assert completion.usage.prompt_tokens > 1500
