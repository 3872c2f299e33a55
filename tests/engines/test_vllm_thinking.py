"""A model that thinks before it answers, by vLLM, through the whole HTTP application."""

import json
from typing import Any

import httpx2
import openai
import pytest
from anthropic import Anthropic
from openai import OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent

from tests.support.anthropic_conformance import read_events, read_message
from tests.support.openai_conformance import assert_conforms, events
from tests.support.tiny_thinker import JSON, SUM, WEATHER

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated in favor:DeprecationWarning")
"""vLLM marks fields that OpenAI's clients still send, and reads them itself."""

MODEL = "thinker"
QUESTION = SUM[0]
THOUGHT = f"\n{SUM[1]}\n"
ANSWER = f"\n\n{SUM[2]}"
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Bern", "Rome"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {"sum": {"type": "integer"}},
    "required": ["sum"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "sum", "schema": SCHEMA, "strict": True}}


def make_prompt(question: str) -> list[Any]:
    return [{"role": "user", "content": question}]


def ask(url: str, path: str = "chat/completions", question: str = QUESTION, **fields: Any) -> str:
    """Return an answer as it came."""
    given = {"input": question} if path == "responses" else {"messages": make_prompt(question)}
    body = {"model": MODEL, "temperature": 0, **given, **fields}
    answer = httpx2.post(f"{url}/v1/{path}", json=body, timeout=120)
    assert answer.status_code == 200, answer.text
    return answer.text


def message(url: str, question: str = QUESTION, **fields: Any) -> Any:
    answer = assert_conforms(ChatCompletion, ask(url, question=question, **fields))
    return answer.choices[0].message


def deltas(url: str, question: str = QUESTION, **fields: Any) -> list[Any]:
    """Return what each chunk of a stream adds."""
    frames = [data for _, data in events(ask(url, question=question, stream=True, **fields))]
    assert frames.pop() == "[DONE]"
    chunks = [assert_conforms(ChatCompletionChunk, frame) for frame in frames]
    return [chunk.choices[0].delta for chunk in chunks if chunk.choices]


def join_parts(parts: list[Any], name: str) -> str:
    return "".join(getattr(part, name, None) or "" for part in parts)


def test_thought_is_beside_the_answer_and_counted(thinker: str) -> None:
    answer = assert_conforms(ChatCompletion, ask(thinker))

    said = answer.choices[0].message
    assert (said.content, said.reasoning) == (ANSWER, THOUGHT)
    assert said.reasoning_content == THOUGHT
    details = answer.usage.completion_tokens_details
    assert 0 < details.reasoning_tokens < answer.usage.completion_tokens


def test_stream_parts_the_thought_from_the_answer(thinker: str) -> None:
    parts = deltas(thinker)

    assert join_parts(parts, "reasoning") == join_parts(parts, "reasoning_content") == THOUGHT
    assert join_parts(parts, "content") == ANSWER
    last_thought = max(i for i, part in enumerate(parts) if getattr(part, "reasoning", None))
    first_word = min(i for i, part in enumerate(parts) if part.content)
    assert last_thought <= first_word


def test_sdk_reads_the_thought_of_a_stream(thinker: str) -> None:
    client = OpenAI(base_url=f"{thinker}/v1", api_key="none", max_retries=0)

    with client.chat.completions.stream(
        model=MODEL, messages=make_prompt(QUESTION), temperature=0
    ) as stream:
        answer = stream.get_final_completion().choices[0].message

    assert answer.content == ANSWER
    assert answer.model_extra
    assert answer.model_extra["reasoning_content"] == THOUGHT


@pytest.mark.parametrize(
    "wish", [{"reasoning_effort": "none"}, {"chat_template_kwargs": {"enable_thinking": False}}]
)
def test_model_that_shall_not_think_answers_at_once(thinker: str, wish: Any) -> None:
    told = message(thinker, **wish)
    parts = deltas(thinker, **wish)

    assert told.content == join_parts(parts, "content") == ANSWER.strip()
    assert not hasattr(told, "reasoning")
    assert join_parts(parts, "reasoning") == ""


@pytest.mark.parametrize("stream", [False, True])
def test_hidden_thought_is_thought_and_not_told(thinker: str, stream: bool) -> None:
    hidden: Any = {"include_reasoning": False, "response_format": FORM}
    text = ask(thinker, question=JSON[0], stream=stream, **hidden)

    assert '"reasoning' not in text.replace("reasoning_tokens", "")
    content = (
        join_parts(deltas(thinker, JSON[0], **hidden), "content")
        if stream
        else message(thinker, JSON[0], **hidden).content
    )
    assert json.loads(content) == {"sum": 4}


def test_form_is_kept_behind_the_thought_only(thinker: str) -> None:
    free = message(thinker, JSON[0], response_format=FORM)
    forced = message(thinker, grammar='root ::= "yes" | "no"')

    assert (free.reasoning, json.loads(free.content)) == (f"\n{JSON[1]}\n", {"sum": 4})
    assert (forced.reasoning, forced.content) in {(THOUGHT, "yes"), (THOUGHT, "no")}


@pytest.mark.parametrize("question", [QUESTION, WEATHER[0]])
@pytest.mark.parametrize("stream", [False, True])
def test_call_comes_behind_the_thought(thinker: str, question: str, stream: bool) -> None:
    choice = "auto" if question == WEATHER[0] else "required"
    asked: Any = {"tools": [TOOL], "tool_choice": choice}
    if stream:
        parts = deltas(thinker, question, **asked)
        calls = [call for part in parts for call in part.tool_calls or ()]
        thought = join_parts(parts, "reasoning")
        name, arguments = (
            calls[0].function.name,
            "".join(call.function.arguments or "" for call in calls),
        )
    else:
        told = message(thinker, question, **asked)
        (call,) = told.tool_calls
        thought, name, arguments = told.reasoning, call.function.name, call.function.arguments

    assert thought == (THOUGHT if question == QUESTION else f"\n{WEATHER[1]}\n")
    assert name == "weather"
    assert json.loads(arguments)["city"] in {"Bern", "Rome"}


def test_call_cut_short_is_the_same_streamed_and_whole(thinker: str) -> None:
    client = OpenAI(base_url=f"{thinker}/v1", api_key="none", max_retries=0)
    asked: Any = {
        "model": MODEL,
        "messages": make_prompt(WEATHER[0]),
        "temperature": 0,
        "tools": [TOOL],
        "max_tokens": 62,
    }

    choice = client.chat.completions.create(**asked).choices[0]
    chunks = list(client.chat.completions.create(**asked, stream=True))

    assert choice.message.tool_calls
    (call,) = choice.message.tool_calls
    assert call.type == "function"
    assert (call.function.name, choice.message.content) == ("weather", None)
    assert call.function.arguments
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(call.function.arguments)
    assert choice.finish_reason == chunks[-1].choices[0].finish_reason == "length"
    streamed = [part for chunk in chunks for part in chunk.choices[0].delta.tool_calls or ()]
    arguments = "".join((part.function and part.function.arguments) or "" for part in streamed)
    assert arguments == call.function.arguments


def test_thinking_is_limited_by_its_budget(thinker: str) -> None:
    short = message(thinker, thinking_token_budget=3)

    assert short.reasoning
    assert len(short.reasoning) < len(THOUGHT)
    with pytest.raises(openai.BadRequestError, match="thinking_token_budget"):
        OpenAI(base_url=f"{thinker}/v1", api_key="none", max_retries=0).chat.completions.create(
            model=MODEL, messages=make_prompt(QUESTION), extra_body={"thinking_token_budget": -2}
        )


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
def test_thought_of_an_earlier_turn_is_read(thinker: str, name: str) -> None:
    before = {"role": "assistant", "content": "4.", name: "Aha."}
    text = ask(
        thinker,
        messages=[*make_prompt(QUESTION), before, *make_prompt(QUESTION)],
        max_tokens=1,
        return_prompt_text=True,
    )

    assert "<think>\nAha.\n</think>\n\n4." in json.loads(text)["prompt_text"]


def test_response_has_the_thought_as_an_item(thinker: str) -> None:
    answer = assert_conforms(Response, ask(thinker, "responses"))

    thought, told = answer.output
    assert (thought.type, thought.content[0].text) == ("reasoning", THOUGHT)
    assert (told.type, answer.output_text) == ("message", ANSWER)
    assert answer.usage.output_tokens_details.reasoning_tokens > 0


def test_response_streams_the_thought_in_openais_events(thinker: str) -> None:
    said = [
        assert_conforms(ResponseStreamEvent, data)
        for _, data in events(ask(thinker, "responses", stream=True))
    ]

    assert [event.sequence_number for event in said] == list(range(len(said)))
    thought = [event.delta for event in said if event.type == "response.reasoning_text.delta"]
    (done,) = [event for event in said if event.type == "response.reasoning_text.done"]
    assert "".join(thought) == done.text == THOUGHT
    items = [event.item for event in said if event.type == "response.output_item.done"]
    assert [item.type for item in items] == ["reasoning", "message"]
    whole = said[-1].response
    assert [item.id for item in whole.output] == [item.id for item in items]
    assert whole.output_text == ANSWER


def test_response_goes_on_from_a_thought(thinker: str) -> None:
    client = OpenAI(base_url=f"{thinker}/v1", api_key="none", max_retries=0)
    first = client.responses.create(model=MODEL, input=QUESTION, temperature=0)

    second = client.responses.create(
        model=MODEL, input=QUESTION, previous_response_id=first.id, max_output_tokens=1
    )
    by_hand: Any = [{"role": "user", "content": QUESTION}, *first.output]
    third = client.responses.create(
        model=MODEL, input=[*by_hand, {"role": "user", "content": QUESTION}], max_output_tokens=1
    )

    assert second.usage
    assert third.usage
    assert second.usage.input_tokens == third.usage.input_tokens


def test_message_has_thinking_before_its_text(thinker: str) -> None:
    whole = read_message(ask(thinker, "messages", max_tokens=100))
    said = read_events(ask(thinker, "messages", max_tokens=100, stream=True))

    thinking, text = whole.content
    assert thinking.type == "thinking"
    assert text.type == "text"
    assert (thinking.thinking, text.text) == (THOUGHT, ANSWER)
    parts = [event.delta for event in said if event.type == "content_block_delta"]
    assert join_parts(parts, "thinking") == THOUGHT
    assert join_parts(parts, "text") == ANSWER


def test_message_takes_its_own_thinking_back_and_may_think_not_at_all(thinker: str) -> None:
    claude = Anthropic(base_url=thinker, api_key="none", max_retries=0)
    asked: Any = {"model": MODEL, "max_tokens": 100, "extra_body": {"temperature": 0}}
    first = claude.messages.create(messages=make_prompt(QUESTION), **asked)

    again: Any = [
        *make_prompt(QUESTION),
        {"role": "assistant", "content": first.content},
        *make_prompt(QUESTION),
    ]
    read = claude.messages.count_tokens(model=MODEL, messages=again)
    at_once = claude.messages.create(
        messages=make_prompt(QUESTION), thinking={"type": "disabled"}, **asked
    )

    assert read.input_tokens > 2 * first.usage.input_tokens + len(THOUGHT)
    assert [block.type for block in at_once.content] == ["text"]
