"""Odd bodies in vLLM: each is answered or refused in the shape of its API, and none fails."""

import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.support.fuzzing.checks import check_answer
from tests.support.fuzzing.mutations import write_json
from tests.support.fuzzing.requests import Mutator, Sent
from tests.support.fuzzing.sending import read_examples, send

SEED = 18
NUM_REQUESTS = 400
HELLO = [{"role": "user", "content": "Hello"}]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}
FUNCTION = {"name": "look", "parameters": SCHEMA}
TOOL = {"type": "function", "function": FUNCTION}
OF_CHAT: dict[str, Any] = {
    "functions": {"functions": [FUNCTION], "function_call": {"name": "look"}},
    "json": {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
    "logprobs": {"logprobs": True, "top_logprobs": 2},
    "penalties": {"frequency_penalty": 0.5, "presence_penalty": 0.5, "seed": 1},
    "sampling": {"temperature": 0.5, "top_p": 0.5, "n": 2, "stop": ["end"]},
    "tools": {"tools": [TOOL], "tool_choice": "required", "parallel_tool_calls": True},
}
OF_RESPONSES: dict[str, Any] = {
    "format": {"text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}}},
    "logprobs": {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
    "sampling": {"temperature": 0.5, "top_p": 0.5, "truncation": "auto"},
    "tools": {"tools": [{"type": "function", **FUNCTION}], "tool_choice": "required"},
    "words": {"instructions": "Be brief.", "reasoning": {"effort": "low"}},
}
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
OF_VLLM: dict[str, Any] = {
    "allowed_token_ids": [5, 6],
    "bad_words": ["no"],
    "chat_template_kwargs": {"enable_thinking": False},
    "echo": True,
    "guided_choice": ["a", "b"],
    "guided_grammar": 'root ::= "a" | "b"',
    "guided_json": SCHEMA,
    "guided_regex": "[a-z]{2}",
    "grammar": 'root ::= "a"',
    "length_penalty": 1.0,
    "logit_bias": {"5": 1},
    "min_p": 0.1,
    "min_tokens": 1,
    "priority": 0,
    "prompt_logprobs": 1,
    "repetition_penalty": 1.1,
    "response_format": {"type": "json_object"},
    "return_token_ids": True,
    "skip_special_tokens": False,
    "stop_token_ids": [5],
    "structured_outputs": {"regex": "a|b"},
    "thinking_token_budget": 5,
    "top_k": 5,
    "truncate_prompt_tokens": 5,
    "use_beam_search": True,
    "vllm_xargs": {"a": 1},
}
OF_MESSAGES: dict[str, Any] = {
    "format": {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    "sampling": {"temperature": 0.5, "top_k": 5, "top_p": 0.5, "stop_sequences": ["end"]},
    "system": {"system": [{"type": "text", "text": "Be brief."}], "metadata": {"user_id": "a"}},
    "thinking": {"thinking": {"type": "disabled"}},
    "tools": {"tools": [{"name": "look", "input_schema": SCHEMA}], "tool_choice": {"type": "any"}},
}
CALLED = [
    *HELLO,
    {
        "role": "assistant",
        "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        ],
    },
    {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "yes"}]},
]


def vary(path: str, body: dict[str, Any], fields: dict[str, Any]) -> Iterator[Sent]:
    """Yield a request as it is, and with the fields of each group."""
    for extra in ({}, *fields.values()):
        content = write_json({**body, **extra})
        yield Sent("POST", path, headers={"content-type": b"application/json"}, body=content)


def valid_requests() -> Iterator[Sent]:
    of_vllm = {name: {name: value} for name, value in OF_VLLM.items()}
    chat = {"messages": HELLO, "max_tokens": 1}
    yield from vary("/v1/chat/completions", chat, OF_CHAT | of_vllm)
    yield from vary("/v1/chat/completions", {**chat, "stream": True}, OF_CHAT | of_vllm)
    yield from vary("/v1/chat/completions", {**chat, "messages": CALLED}, {})
    completion = {"prompt": ["Hello", "Bye"], "max_tokens": 1}
    yield from vary("/v1/completions", completion, {"logprobs": {"logprobs": 1}} | of_vllm)
    response = {"input": HELLO, "max_output_tokens": 1, "store": False}
    yield from vary("/v1/responses", response, OF_RESPONSES)
    yield from vary("/v1/responses", {**response, "stream": True}, OF_RESPONSES)
    message = {"messages": HELLO, "max_tokens": 1}
    yield from vary("/v1/messages", message, OF_MESSAGES)
    yield from vary("/v1/messages", {**message, "stream": True}, OF_MESSAGES)
    yield from vary("/v1/messages/count_tokens", {"messages": HELLO}, OF_MESSAGES)
    yield from vary("/v1/tokenize", {"messages": HELLO, "add_generation_prompt": True}, {})
    yield from vary("/v1/tokenize", {"prompt": "Hello", "return_token_strs": True}, {})
    yield from vary("/v1/detokenize", {"tokens": [1, 2]}, {})


def with_short_answer(sent: Sent) -> Sent:
    """Return the request with a limit of one token where it asks for more."""
    try:
        body = sent.json
    except (ValueError, RecursionError):
        return sent
    longer = isinstance(body, dict) and [
        name for name in LIMITS if type(body.get(name)) is int and body[name] > 1
    ]
    if not longer:
        return sent
    return Sent(
        sent.method,
        sent.path,
        sent.query,
        sent.headers,
        write_json(body | dict.fromkeys(longer, 1)),
    )


def test_odd_bodies_are_answered_or_refused(caller: str) -> None:
    faults: list[str] = []
    valid = list(valid_requests())
    paths = {each.path for each in valid}
    with httpx2.HTTPTransport() as transport:
        document = send(transport, caller, Sent("GET", "/openapi.json")).json()
        examples = [each for each in read_examples(document) if each.path in paths]
        mutator = Mutator([*valid, *examples], SEED)
        for number in range(NUM_REQUESTS):
            sent = with_short_answer(mutator.make(number))
            began = time.monotonic()
            answer = send(transport, caller, sent)
            faults += [
                f"{fault}: {number}: {sent}"
                for fault in check_answer(sent, answer, time.monotonic() - began)
            ]
        after = Sent("POST", "/v1/tokenize", body=b'{"prompt": "x"}', headers=valid[0].headers)
        status = send(transport, caller, after).status_code

    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:20])
    assert status == 200


@pytest.mark.parametrize("odd", ["two", [1], {}, 0.5, 5])
@pytest.mark.parametrize("name", ["n", "vllm_xargs"])
@pytest.mark.parametrize("path", ["/v1/tokenize", "/v1/chat/completions", "/v1/completions"])
def test_field_of_an_odd_type_is_no_fault_of_the_server(
    caller: str, path: str, name: str, odd: Any
) -> None:
    whole = {"prompt": "Hello"} if path == "/v1/completions" else {"messages": HELLO}
    limit = {} if path == "/v1/tokenize" else {"max_tokens": 1}
    body = write_json({**whole, **limit, name: odd})
    sent = Sent("POST", path, headers={"content-type": b"application/json"}, body=body)

    with httpx2.HTTPTransport() as transport:
        answer = send(transport, caller, sent)

    assert answer.status_code in (200, 400), answer.text
    assert not check_answer(sent, answer, 0)
