"""Chat through the whole server with the unchanged SDK."""

import json
import os
from pathlib import Path
from typing import Any

import httpx2
import openai
import psutil
import pytest
from openai import OpenAI

from tests.support.server import Server
from tests.support.waiting import wait_until

SUM: list[Any] = [{"role": "user", "content": "What is 2+2?"}]


def test_chat_answers_a_sum(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=SUM)

    assert "4" in str(answer.choices[0].message.content)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "homeport-chat"
    assert answer.usage
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_chat_stream_says_the_same(client: OpenAI) -> None:
    whole = client.chat.completions.create(model="gpt-4o", messages=SUM, temperature=0)

    chunks = list(
        client.chat.completions.create(
            model="gpt-4o",
            messages=SUM,
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
        )
    )

    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert len(pieces) > 2
    assert "".join(pieces) == whole.choices[0].message.content
    assert [chunk for chunk in chunks if chunk.usage] == chunks[-1:]
    assert chunks[-1].usage == whole.usage or (
        chunks[-1].usage
        and whole.usage
        and chunks[-1].usage.total_tokens == whole.usage.total_tokens
    )


def test_chat_model_may_be_omitted_and_paths_need_no_v1(server: Server) -> None:
    answer = httpx2.post(f"{server.url}/chat/completions", json={"messages": SUM}, timeout=30)

    assert "4" in answer.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize("temperature", [{}, {"temperature": 0}])
def test_chat_n_without_chance_gives_the_same_answers(client: OpenAI, temperature: Any) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=SUM, n=3, **temperature)

    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert {choice.message.content for choice in answer.choices} == {"2 + 2 = 4."}


def test_chat_n_gives_choices_in_order(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="gpt-4o", messages=SUM, n=3, temperature=1, seed=5, max_tokens=8
    )

    assert [choice.index for choice in answer.choices] == [0, 1, 2]


def test_chat_seed_repeats_the_answer(client: OpenAI) -> None:
    def ask() -> str | None:
        answer = client.chat.completions.create(
            model="gpt-4o", messages=SUM, temperature=1.5, seed=7, max_tokens=20
        )
        return answer.choices[0].message.content

    assert ask() == ask()


def test_chat_stop_ends_before_the_stop_string(client: OpenAI) -> None:
    answer = client.completions.create(
        model="gpt-4o", prompt="Count up to five: one, two, ", stop=["three"], max_tokens=40
    )

    assert "three" not in answer.choices[0].text


def test_chat_logprobs_cover_every_token(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="gpt-4o", messages=SUM, logprobs=True, top_logprobs=3, max_tokens=5
    )

    logprobs = answer.choices[0].logprobs
    assert logprobs
    assert logprobs.content
    assert answer.usage
    assert len(logprobs.content) == answer.usage.completion_tokens
    assert all(len(token.top_logprobs) == 3 for token in logprobs.content)


def test_chat_max_completion_tokens_ends_with_length(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="gpt-4o", messages=SUM, max_completion_tokens=2, extra_body={"ignore_eos": True}
    )

    assert answer.choices[0].finish_reason == "length"
    assert answer.usage
    assert answer.usage.completion_tokens == 2


def test_chat_grammar_allows_only_its_words(client: OpenAI) -> None:
    answer = client.chat.completions.create(
        model="gpt-4o", messages=SUM, extra_body={"grammar": 'root ::= "yes" | "no"'}
    )

    assert answer.choices[0].message.content in {"yes", "no"}


def test_chat_json_schema_is_kept(client: OpenAI) -> None:
    question = "Give me a JSON object with age and name for Zoe who is 41"
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }

    answer = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": question}],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "person", "schema": schema},
        },
    )

    content = str(answer.choices[0].message.content)
    assert json.loads(content) == {"name": "Zoe", "age": 41}
    assert content.index("name") < content.index("age"), "the schema's order, not the question's"


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "get_time"}}]
)
def test_chat_tool_choice_forces_a_call(client: OpenAI, choice: Any) -> None:
    properties = {"city": {"type": "string"}}
    parameters: Any = {"type": "object", "properties": properties, "required": ["city"]}

    answer = client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "What time is it in Lima?"}],
        tools=[{"type": "function", "function": {"name": "get_time", "parameters": parameters}}],
        tool_choice=choice,
    )

    (call,) = answer.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert call.function.name == "get_time"
    assert isinstance(json.loads(call.function.arguments)["city"], str)


def test_completion_echo_of_several_prompts(client: OpenAI) -> None:
    answer = client.completions.create(
        model="gpt-4o", prompt=["one, two,", "red, green,"], echo=True, max_tokens=3
    )

    assert [choice.text[:4] for choice in answer.choices] == ["one,", "red,"]
    assert [choice.index for choice in answer.choices] == [0, 1]


def test_completion_of_no_token_echoes_and_counts_the_prompt_only(client: OpenAI) -> None:
    answer = client.completions.create(
        model="gpt-4o", prompt="one, two", echo=True, max_tokens=0, logprobs=1
    )

    assert answer.choices[0].text == "one, two"
    assert answer.usage
    assert answer.usage.completion_tokens == 0
    assert answer.usage.total_tokens == answer.usage.prompt_tokens


def test_completion_stream_says_the_same(client: OpenAI) -> None:
    whole = client.completions.create(
        model="gpt-4o", prompt="one, two, three, ", max_tokens=8, temperature=0
    )

    stream = client.completions.create(
        model="gpt-4o", prompt="one, two, three, ", max_tokens=8, temperature=0, stream=True
    )

    assert "".join(chunk.choices[0].text for chunk in stream) == whole.choices[0].text


def test_tokenize_and_detokenize_are_inverse(server: Server) -> None:
    text = "Grüße, Zürich 2026!"
    with httpx2.Client(base_url=f"{server.url}/v1/", timeout=30) as http:
        tokens = http.post("tokenize", json={"content": text}).json()
        back = http.post("detokenize", json={"tokens": tokens["tokens"]})

    assert tokens["count"] == len(tokens["tokens"])
    assert back.json()["content"] == text


def test_prompt_beyond_the_context_is_refused(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="2048") as raised:
        client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "word " * 5000}]
        )

    assert (raised.value.code, raised.value.param) == ("context_length_exceeded", "messages")


def test_max_tokens_beyond_the_context_is_clamped(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4o", messages=SUM, max_tokens=128_000)

    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "body",
    [
        {"min_tokens": -1},
        {"logit_bias": {"no number": 1}},
        {"response_format": {"type": "telepathy"}},
        {"tools": [{"type": "function"}]},
        {"tool_choice": "required"},
        {"chat_template": "{{ 7 * 7 }}"},
        {"grammar": "root ::= ::="},
        {"structured_outputs": {"regex": "("}},
        {"allowed_token_ids": []},
        {"priority": 5},
        {"structured_outputs": 5},
        {"structured_outputs": {"choice": {}}},
        {"stream_interval": 2**70},
        {"tools": [{}], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        {
            "tool_choice": {"type": "function", "function": 5},
            "tools": [{"function": {"name": "f"}}],
        },
    ],
)
def test_what_the_engine_refuses_is_a_400(
    client: OpenAI, body: dict[str, Any], stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model="gpt-4o", messages=SUM, stream=stream, extra_body=body)

    assert raised.value.type == "invalid_request_error"
    assert "site-packages" not in raised.value.message


def test_bad_input_is_refused_and_harms_nothing(server: Server) -> None:
    url = f"{server.url}/v1/chat/completions"
    headers = {"content-type": "application/json"}
    bodies = [b"{", b"[" * 10_000, b'{"messages": "\xff"}', b" " * 100_000_000, b"{}"]

    with httpx2.Client(timeout=30) as http:
        answers = [http.post(url, content=body, headers=headers) for body in bodies]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 413, 400]
    assert httpx2.post(url, json={"messages": SUM}, timeout=30).status_code == 200


def test_engine_is_one_process_that_leaves_a_core_to_the_rest_and_rests_when_idle(
    server: Server,
) -> None:
    below = server.children(server.replica_pid("chat", "ChatDeployment"))
    titles = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in below}

    (core,) = [pid for pid, title in titles.items() if "VLLM" in title]

    if len(cores := os.sched_getaffinity(0)) > 1:
        assert os.sched_getaffinity(core) < cores
    process = psutil.Process(core)
    process.cpu_percent()
    # A client that left in an earlier test may still be on its way to the engine.
    wait_until(lambda: process.cpu_percent(1) < 20, 30, "the engine does not rest")


def test_chat_tool_that_must_be_called_is_called_with_what_its_schema_says(client: OpenAI) -> None:
    parameters = {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "unit": {"enum": ["x1", "y2"]}},
        "required": ["code", "unit"],
        "additionalProperties": False,
    }
    tool: Any = {"type": "function", "function": {"name": "pick", "parameters": parameters}}

    choices: list[Any] = ["required", {"type": "function", "function": {"name": "pick"}}]
    for choice in choices:
        answer = client.chat.completions.create(
            model="gpt-4o", messages=SUM, tools=[tool], tool_choice=choice, max_tokens=100
        )
        (call,) = answer.choices[0].message.tool_calls or []
        called = json.loads(call.function.arguments)  # type: ignore[union-attr]
        assert isinstance(called["code"], int)
        assert called["unit"] in ("x1", "y2")
