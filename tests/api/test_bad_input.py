"""Whatever a client sends gets a clear 4xx in OpenAI's shape, and the next request is served."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.api.conftest import CreateApi
from tests.api.errors import assert_openai_error
from tests.support.scripted_model import ScriptedModel, connect

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "hi"}]


def parts(*content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(content)}]}


def call(**wrong: Any) -> dict[str, Any]:
    """Return a conversation with a call that is wrong in this."""
    right = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    return {"messages": [*HELLO, {"role": "assistant", "tool_calls": [{**right, **wrong}]}]}


CALL = "messages[1].tool_calls[0]"


@pytest.mark.parametrize(
    ("body", "param", "says"),
    [
        ({}, "messages", "Missing"),
        (call(id=None), f"{CALL}.id", "received null"),
        (call(type="custom"), f"{CALL}.type", "'function' (received 'custom')"),
        (call(function=None), f"{CALL}.function", "received null"),
        (call(function={"name": "f"}), f"{CALL}.function.arguments", "Missing"),
        (
            call(function={"name": "f", "arguments": {}}),
            f"{CALL}.function.arguments",
            "must be a string (received an object)",
        ),
        ({"messages": []}, "messages", "at least 1"),
        ({"messages": "hi"}, "messages", "list"),
        ({"messages": [{"role": "alien", "content": "x"}]}, "messages[0].role", "'user'"),
        ({"messages": [{"role": "user"}]}, "messages[0]", "'content' is required"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0]", "'type'"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content", "string or a list"),
        (parts({"type": "input_text", "text": "x"}), "messages[0].content[0].type", "'input_text'"),
        (parts({"type": "text"}), "messages[0].content[0].text", "received null"),
        (parts({"type": "text", "text": 5}), "messages[0].content[0].text", "received 5"),
        (parts("x"), "messages[0].content[0]", "an object"),
        ({"messages": HELLO, "max_tokens": -1}, "max_tokens", "-1"),
        ({"messages": HELLO, "max_tokens": "many"}, "max_tokens", "'many'"),
        ({"messages": HELLO, "max_completion_tokens": 0}, "max_completion_tokens", "0"),
        ({"messages": HELLO, "temperature": 3}, "temperature", "less than or equal to 2"),
        ({"messages": HELLO, "n": 129}, "n", "128"),
        ({"messages": HELLO, "top_logprobs": 21}, "top_logprobs", "20"),
        ({"messages": HELLO, "logit_bias": {"1": 101}}, "logit_bias.1", "100"),
        ({"messages": HELLO, "stop": 5}, "stop", "5"),
        ({"messages": HELLO, "stream_options": {}}, "stream_options", "'stream' is true"),
        ({"messages": HELLO, "model": 5}, "model", "string"),
        ({"messages": HELLO, "tfz": 1.3}, "tfz", "1.3"),
        ({"messages": HELLO, "typical_p": -1}, "typical_p", "greater than or equal to 0"),
        (
            {
                "messages": HELLO,
                "response_format": {"type": "json_schema", "json_schema": {"schema": True}},
            },
            "response_format.json_schema.schema",
            "must be an object (received true)",
        ),
    ],
)
async def test_wrong_field_is_named_with_what_is_allowed(
    http: httpx2.AsyncClient, body: dict[str, Any], param: str | None, says: str
) -> None:
    assert says in assert_openai_error(await http.post(CHAT, json=body), 400, param)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 10_000,
        b'{"messages": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"messages": "\xff\xfe"}',
        b'{"messages": "\\ud800"}',
        b'{"temperature": NaN}',
        b"null",
        b"[]",
        b'"text"',
    ],
)
async def test_body_that_is_no_json_object_is_refused(
    http: httpx2.AsyncClient, model: ScriptedModel, body: bytes
) -> None:
    answer = await http.post(CHAT, content=body, headers={"content-type": "application/json"})

    assert_openai_error(answer, 400)
    model.script = [b"{}"]
    assert (await http.post(CHAT, json={"messages": HELLO})).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_body_of_another_type_is_refused_by_name(
    http: httpx2.AsyncClient, content_type: str
) -> None:
    headers = {"content-type": content_type} if content_type else {}

    answer = await http.post(CHAT, content=json.dumps({"messages": HELLO}), headers=headers)

    assert "application/json" in assert_openai_error(answer, 415)


async def test_announced_body_over_the_limit_is_refused_unread(http: httpx2.AsyncClient) -> None:
    answer = await http.post(CHAT, content=b"x", headers={"content-length": "100000000"})

    assert "1048576" in assert_openai_error(answer, 413)


async def test_unannounced_body_over_the_limit_is_refused(create: CreateApi) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1024

    async with connect(create(max_body_bytes=2048)) as client:
        answer = await client.post(
            CHAT, content=pieces(), headers={"content-type": "application/json"}
        )

    assert_openai_error(answer, 413)


@pytest.mark.parametrize("path", ["/v1", "/v1/nope", "/v2/chat/completions", "/v1/chat/../x"])
async def test_unknown_path_is_not_found(http: httpx2.AsyncClient, path: str) -> None:
    assert_openai_error(await http.get(path), 404)


async def test_path_with_a_slash_too_many_is_served_without_a_redirect(
    http: httpx2.AsyncClient,
) -> None:
    body = {"model": "nope", "messages": HELLO}

    answer = await http.post(f"{CHAT}/", json=body, follow_redirects=False)

    assert_openai_error(answer, 404, "model")


async def test_empty_body_is_told_as_that(http: httpx2.AsyncClient) -> None:
    answer = await http.post(CHAT, content=b"null", headers={"content-type": "application/json"})

    assert "None" not in assert_openai_error(answer, 400)


async def test_number_beyond_all_floats_is_refused(http: httpx2.AsyncClient) -> None:
    body = b'{"messages": [{"role": "user", "content": "x"}], "repeat_penalty": 1e400}'

    answer = await http.post(CHAT, content=body, headers={"content-type": "application/json"})

    assert_openai_error(answer, 400, "repeat_penalty")


async def test_tokenize_refuses_what_it_does_not_honour(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/tokenize", json={"prompt": "x", "backend": "llama"})

    assert_openai_error(answer, 400, "backend")


async def test_wrong_method_names_the_right_one(http: httpx2.AsyncClient) -> None:
    answer = await http.get(CHAT)

    assert "POST" in assert_openai_error(answer, 405)
    assert answer.headers["allow"] == "OPTIONS, POST"


async def test_byte_order_mark_before_the_json_is_skipped(http: httpx2.AsyncClient) -> None:
    body = b'\xef\xbb\xbf{"model": "nope", "messages": [{"role": "user", "content": "x"}]}'

    answer = await http.post(CHAT, content=body, headers={"content-type": "application/json"})

    assert_openai_error(answer, 404, "model")
