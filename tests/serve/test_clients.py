"""Unchanged clients: OpenAI's SDK with its conveniences, LangChain and Pydantic AI."""

import asyncio
from typing import Any, Literal

import openai
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, SecretStr
from pydantic_ai import Agent, NativeOutput, PromptedOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

from tests.support.server import Server

MODEL = "gpt-4o"
SUM = "What is 2+2?"
ANSWER = "2 + 2 = 4."
WEATHER = "What is the weather in Boston?"
ADA = "Give me a JSON object with name and age for Ada who is 36"


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def get_current_weather(location: str) -> str:
    """Get the current weather in a given location"""
    return '{"temperature": 22}'


def messages(text: str) -> Any:
    return [{"role": "user", "content": text}]


@pytest.fixture(autouse=True)
def _no_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "false")


# --- OpenAI's SDK ---


def test_sdk_parses_a_chat_answer_into_a_type(client: OpenAI) -> None:
    answer = client.chat.completions.parse(
        model=MODEL, messages=messages(ADA), response_format=Person
    )

    assert answer.choices[0].message.parsed == Person(name="Ada", age=36)


def test_sdk_parses_the_arguments_of_a_tool(client: OpenAI) -> None:
    answer = client.chat.completions.parse(
        model=MODEL,
        messages=messages(ADA),
        tools=[openai.pydantic_function_tool(Person)],
        tool_choice="required",
    )

    (call,) = answer.choices[0].message.tool_calls or []
    assert call.function.parsed_arguments == Person(name="Ada", age=36)


def test_sdk_stream_helper_tells_every_piece_and_the_whole(client: OpenAI) -> None:
    with client.chat.completions.stream(
        model=MODEL, messages=messages(ADA), response_format=Person
    ) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_completion()

    assert {"chunk", "content.delta", "content.done"} <= set(kinds)
    assert final.choices[0].message.parsed == Person(name="Ada", age=36)


def test_sdk_stream_helper_puts_a_call_together(client: OpenAI) -> None:
    tools = [openai.pydantic_function_tool(Person)]
    with client.chat.completions.stream(
        model=MODEL, messages=messages(ADA), tools=tools, tool_choice="required"
    ) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]

    assert [(event.name, event.parsed_arguments) for event in done] == [
        ("Person", Person(name="Ada", age=36))
    ]


def test_sdk_shows_headers_and_request_id(client: OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=messages(SUM))

    assert raw.headers["content-type"] == "application/json"
    assert raw.request_id == raw.headers["x-request-id"]
    assert raw.parse().choices[0].message.content == ANSWER


def test_asynchronous_sdk_answers_several_at_once(server: Server) -> None:
    async def ask() -> list[str]:
        async with AsyncOpenAI(
            base_url=f"{server.url}/v1", api_key="none", max_retries=0
        ) as client:

            async def one() -> str:
                stream = await client.chat.completions.create(
                    model=MODEL, messages=messages(SUM), stream=True
                )
                return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

            return await asyncio.gather(*[one() for _ in range(4)])

    assert asyncio.run(ask()) == [ANSWER] * 4


# --- LangChain ---


def langchain_model(server: Server, api: str, **options: Any) -> ChatOpenAI:
    return ChatOpenAI(
        model=MODEL,
        base_url=f"{server.url}/v1",
        api_key=SecretStr("none"),
        max_retries=0,
        stream_usage=True,
        use_responses_api=api == "responses",
        **options,
    )


@pytest.fixture(params=["chat", "responses"])
def langchain(request: pytest.FixtureRequest, server: Server) -> ChatOpenAI:
    return langchain_model(server, request.param)


def test_langchain_invokes_streams_and_batches(langchain: ChatOpenAI) -> None:
    answer = langchain.invoke(SUM)
    whole: Any = None
    for chunk in langchain.stream(SUM):
        whole = chunk if whole is None else whole + chunk

    assert answer.text == whole.text == ANSWER
    assert answer.usage_metadata
    assert whole.usage_metadata["total_tokens"] == answer.usage_metadata["total_tokens"] > 0
    assert [said.text for said in langchain.batch([SUM, "Hello!"])] == [
        ANSWER,
        "Hello! How can I help?",
    ]


def test_langchain_answers_asynchronously(server: Server) -> None:
    async def ask() -> list[str]:
        said: list[str] = []
        for api in ("chat", "responses"):  # in one loop: LangChain keeps its connections
            model = langchain_model(server, api)
            said.append((await model.ainvoke(SUM)).text)
            said.append("".join([chunk.text async for chunk in model.astream(SUM)]))
        return said

    assert asyncio.run(ask()) == [ANSWER] * 4


def test_langchain_calls_a_tool_and_uses_its_result(langchain: ChatOpenAI) -> None:
    weather = tool(get_current_weather)
    bound = langchain.bind_tools([weather])
    question = HumanMessage(WEATHER)

    called = bound.invoke([question])
    assert isinstance(called, AIMessage)
    (call,) = called.tool_calls
    answer = bound.invoke([question, called, weather.invoke(call)])

    assert (call["name"], call["args"]) == ("get_current_weather", {"location": "Boston"})
    assert "22" in answer.text


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_langchain_structures_its_output(
    langchain: ChatOpenAI, method: Literal["json_schema", "function_calling", "json_mode"]
) -> None:
    assert langchain.with_structured_output(Person, method=method).invoke(ADA) == Person(
        name="Ada", age=36
    )


def test_langchain_goes_on_from_a_response(server: Server) -> None:
    model = langchain_model(server, "responses", use_previous_response_id=True)
    first = HumanMessage("My name is Ada.")

    answer = model.invoke([first, model.invoke([first]), HumanMessage("What is my name?")])

    assert answer.text == "Your name is Ada."


def test_langchain_embeds_texts(server: Server) -> None:
    embeddings = OpenAIEmbeddings(
        model="text-embedding-3-small",
        base_url=f"{server.url}/v1",
        api_key=SecretStr("none"),
        check_embedding_ctx_length=False,
    )

    assert [len(vector) for vector in embeddings.embed_documents(["a", "b"])] == [384, 384]


# --- Pydantic AI ---


@pytest.fixture(params=[OpenAIChatModel, OpenAIResponsesModel])
def agents_model(request: pytest.FixtureRequest, server: Server) -> Any:
    provider = OpenAIProvider(base_url=f"{server.url}/v1", api_key="none")
    return request.param(MODEL, provider=provider)


def test_agent_answers_and_streams(agents_model: Any) -> None:
    async def ask() -> tuple[str, list[str], int]:
        agent = Agent(agents_model)
        answer = await agent.run(SUM)
        async with agent.run_stream(SUM) as stream:
            pieces = [piece async for piece in stream.stream_text(delta=True, debounce_by=None)]
        return answer.output, pieces, answer.usage.output_tokens

    output, pieces, tokens = asyncio.run(ask())
    assert output == "".join(pieces) == ANSWER
    assert len(pieces) > 1
    assert tokens > 0


@pytest.mark.parametrize("form", [Person, NativeOutput(Person), PromptedOutput(Person)])
def test_agent_structures_its_output(agents_model: Any, form: Any) -> None:
    agent: Any = Agent(agents_model, output_type=form)

    assert agent.run_sync(ADA).output == Person(name="Ada", age=36)


def test_agent_calls_a_tool_and_remembers(agents_model: Any) -> None:
    agent = Agent(agents_model, tools=[get_current_weather])

    answered = agent.run_sync(WEATHER)
    met = agent.run_sync("My name is Ada.")
    remembered = agent.run_sync("What is my name?", message_history=met.all_messages())

    assert "22" in answered.output
    kinds = [part.part_kind for message in answered.all_messages() for part in message.parts]
    assert kinds == ["user-prompt", "tool-call", "tool-return", "text"]
    assert remembered.output == "Your name is Ada."
