"""Fields without effect are accepted and named in a header, or refused if the operator says so."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from tests.api.answering import answering_registry
from tests.api.errors import assert_openai_error
from tests.support.application import create_test_api
from tests.support.scripted_model import connect
from wire.hints import HINTS

HEADER = "x-homeport-ignored"
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "chat, edits": ("chat/completions", CHAT),
    "completions": ("completions", {"prompt": "hi"}),
    "responses": ("responses", {"input": "hi"}),
    "messages": ("messages", CHAT | {"max_tokens": 5}),
    "embeddings": ("embeddings", {"input": "hi"}),
    "images": ("images/generations", {"prompt": "hi", "response_format": "b64_json"}),
    "speech": ("audio/speech", {"input": "hi"}),
    "text to speech": ("text-to-speech/ana", {"text": "hi"}),
}
"""By resource: the path and the smallest body."""

CLEARS = {"edits": [{"type": "clear_tool_uses_20250919"}]}
VALUES: dict[str, Any] = {
    "store": True,
    "metadata": {"a": "b"},
    "service_tier": "priority",
    "user": "ada",
    "safety_identifier": "ada",
    "verbosity": "low",
    "prediction": {"type": "content", "content": "hi"},
    "prompt_cache_retention": "24h",
    "prompt_cache_options": {"ttl": "30m"},
    "stream_options.include_obfuscation": True,
    "best_of": 2,
    "text.verbosity": "low",
    "reasoning.summary": "auto",
    "reasoning.generate_summary": "auto",
    "include": ["file_search_call.results"],
    "top_logprobs": 2,
    "background_options": {"completion_window": "8h"},
    "context_management": CLEARS,
    "image": {"context_compression": "auto"},
    "personality": "friendly",
    "user_profile_id": "user_1",
    "cache_control": {"type": "ephemeral"},
    "speed": "fast",
    "diagnostics": {"previous_message_id": "msg_1"},
    "fallbacks": [{"model": "claude-haiku-4-5"}],
    "fallback_credit_token": "token",
    "billing_policy": {"type": "x"},
    "moderation": "low",
    "style": "natural",
    "input_fidelity": "high",
    "complexity": "high",
    "instructions": "Whisper.",
    "voice_settings.stability": 0.3,
    "voice_settings.similarity_boost": 0.3,
    "voice_settings.style": 0.3,
    "voice_settings.use_speaker_boost": False,
    "voice_settings.clone_strength": 0.3,
    "previous_text": "Before.",
    "next_text": "After.",
    "previous_request_ids": ["req_1"],
    "next_request_ids": ["req_2"],
    "use_pvc_as_ivc": True,
}
"""Of each hint, a value that asks for something."""
CACHED = {"type": "ephemeral"}
CACHE_IT = {"cache_control": CACHED}


def with_cache_control(name: str, value: Any) -> dict[str, Any]:
    """Return members of a message's body in which a block or a tool has this."""
    text = {"type": "text", "text": "hi", "cache_control": value}
    result = {"type": "tool_result", "tool_use_id": "a", "content": [text]}
    match name.removesuffix(".cache_control"):
        case "system[]":
            return {"system": [text]}
        case "tools[]":
            return {"tools": [{"name": "f", "input_schema": {}, "cache_control": value}]}
        case "messages[].content[]":
            return {"messages": [{"role": "user", "content": [text]}]}
        case _:
            return {"messages": [{"role": "user", "content": [result]}]}


OTHER_VALUES = {("responses", "context_management"): [{"type": "compaction"}]}


def hinted(resource: str, name: str) -> tuple[str, dict[str, Any], str]:
    """Return a path, a body with the hint, and how the header names it."""
    path, body = BODIES[resource]
    if "[]" in name:
        return path, body | with_cache_control(name, CACHED), name.replace("[]", "[0]")
    value = OTHER_VALUES.get((resource, name), VALUES[name])
    outer, _, inner = name.partition(".")
    body = body | {outer: {inner: value} if inner else value}
    if outer == "stream_options":
        body["stream"] = True
    return path, body, "include[0]" if name == "include" else name


FORMS = ("speech to text", "speech to text (query)", "text to speech (query)")
"""Hints that are no members of JSON; tests of their routes cover them."""
ALL = [
    (resource, name) for resource, hints in HINTS.items() if resource not in FORMS for name in hints
]


@pytest.fixture
async def lenient() -> AsyncIterator[httpx2.AsyncClient]:
    api = create_test_api(answering_registry()[0])
    async with api.router.lifespan_context(api), connect(api) as client:
        yield client


@pytest.fixture
async def strict() -> AsyncIterator[httpx2.AsyncClient]:
    api = create_test_api(answering_registry()[0], strict_fields=True)
    async with api.router.lifespan_context(api), connect(api) as client:
        yield client


@pytest.mark.parametrize(("resource", "name"), ALL)
async def test_hint_is_accepted_and_named_in_the_header(
    lenient: httpx2.AsyncClient, resource: str, name: str
) -> None:
    path, body, named = hinted(resource, name)

    answer = await lenient.post(f"/v1/{path}", json=body)

    assert answer.status_code == 200, answer.text
    assert answer.headers[HEADER] == named


@pytest.mark.parametrize(("resource", "name"), ALL)
async def test_hint_is_refused_by_name_where_the_operator_wants_it(
    strict: httpx2.AsyncClient, resource: str, name: str
) -> None:
    path, body, named = hinted(resource, name)

    answer = await strict.post(f"/v1/{path}", json=body)

    if path == "messages":
        assert f"'{named}'" in answer.json()["error"]["message"]
        assert answer.status_code == 400
    else:
        assert_openai_error(answer, 400, named)


@pytest.mark.parametrize(("resource", "name"), ALL)
async def test_value_that_requests_nothing_is_no_hint(
    strict: httpx2.AsyncClient, resource: str, name: str
) -> None:
    path, body = BODIES[resource]
    outer, _, inner = name.partition(".")
    for value in HINTS[resource][name].nothing:
        if name != "stream_options.include_obfuscation":
            asked = body | (
                with_cache_control(name, value)
                if "[]" in name
                else {outer: {inner: value} if inner else value}
            )
            answer = await strict.post(f"/v1/{path}", json=asked)
            assert answer.status_code == 200, (value, answer.text)
            assert HEADER not in answer.headers


async def test_several_hints_are_in_one_header(lenient: httpx2.AsyncClient) -> None:
    body = CHAT | {"store": True, "verbosity": "low", "stream": True}

    answer = await lenient.post("/v1/chat/completions", json=body)

    assert answer.headers[HEADER] == "store, verbosity"


async def test_hint_of_a_form_is_named(lenient: httpx2.AsyncClient) -> None:
    picture = ("a.png", b"\x89PNG", "image/png")

    answer = await lenient.post(
        "/v1/images/edits",
        data={"prompt": "hi", "user": "ada", "input_fidelity": "high"},
        files={"image": picture},
    )

    assert answer.headers[HEADER] == "user, input_fidelity"


async def test_hint_of_a_query_is_named(
    lenient: httpx2.AsyncClient, strict: httpx2.AsyncClient
) -> None:
    path, body = "/v1/text-to-speech/ana", {"text": "hi"}
    query = "?enable_logging=true&optimize_streaming_latency=3"

    answer = await lenient.post(path + query, json=body)
    refusal = await strict.post(path + query, json=body)
    usual = await strict.post(
        f"{path}?enable_logging=false&optimize_streaming_latency=0", json=body
    )

    assert answer.headers[HEADER] == "enable_logging, optimize_streaming_latency"
    assert_openai_error(refusal, 400, "enable_logging")
    assert usual.status_code == 200


async def test_hint_of_a_form_with_a_query_is_named(lenient: httpx2.AsyncClient) -> None:
    answer = await lenient.post(
        "/v1/speech-to-text?enable_logging=true",
        data={"seed": "1"},
        files={"file": ("a.wav", b"RIFF", "audio/wav")},
    )

    assert answer.status_code == 200, answer.text
    assert answer.headers[HEADER] == "enable_logging, seed"


async def test_header_names_the_first_of_many_entries(lenient: httpx2.AsyncClient) -> None:
    blocks = [{"type": "text", "text": "hi"}, *[{"type": "text", "text": "a"} | CACHE_IT] * 500]
    body = {"messages": [{"role": "user", "content": blocks}], "max_tokens": 5}

    answer = await lenient.post("/v1/messages", json=body)

    assert answer.headers[HEADER] == "messages[0].content[1].cache_control"


THOUGHTS = [{"type": "adaptive"}, {"type": "enabled", "budget_tokens": 1024}]


@pytest.mark.parametrize("thinking", THOUGHTS)
@pytest.mark.parametrize("path", ["messages", "messages/count_tokens"])
async def test_thinking_is_a_hint_where_the_model_does_not_think(
    lenient: httpx2.AsyncClient, strict: httpx2.AsyncClient, thinking: Any, path: str
) -> None:
    body = CHAT | {"max_tokens": 2000, "thinking": thinking}

    answer = await lenient.post(f"/v1/{path}", json=body)
    refusal = await strict.post(f"/v1/{path}", json=body)
    without = await strict.post(f"/v1/{path}", json=body | {"thinking": {"type": "disabled"}})

    assert answer.status_code == 200, answer.text
    assert answer.headers[HEADER] == "thinking"
    assert refusal.status_code == 400
    assert "'thinking'" in refusal.json()["error"]["message"]
    assert without.status_code == 200


async def test_logprobs_that_are_included_have_an_effect(lenient: httpx2.AsyncClient) -> None:
    body = {"input": "hi", "include": ["message.output_text.logprobs"], "top_logprobs": 2}

    answer = await lenient.post("/v1/responses", json=body)

    assert HEADER not in answer.headers


async def test_hint_that_comes_often_is_named_once(lenient: httpx2.AsyncClient) -> None:
    body = {"input": "hi", "include": ["file_search_call.results"] * 5000}

    answer = await lenient.post("/v1/responses", json=body)

    assert answer.headers[HEADER] == "include[0]"


async def test_hint_beside_a_wrong_field_is_refused_by_that(lenient: httpx2.AsyncClient) -> None:
    body = {"input": "hi", "include": 5, "top_logprobs": 2}

    answer = await lenient.post("/v1/responses", json=body)

    assert_openai_error(answer, 400, "include")


async def test_length_that_the_model_does_not_have_is_a_hint(
    lenient: httpx2.AsyncClient, strict: httpx2.AsyncClient
) -> None:
    body = {"input": "hi", "dimensions": 256}

    answer = await lenient.post("/v1/embeddings", json=body)
    refusal = await strict.post("/v1/embeddings", json=body)

    assert answer.status_code == 200
    assert answer.headers[HEADER] == "dimensions"
    assert_openai_error(refusal, 400, "dimensions")


@pytest.mark.parametrize(
    ("resource", "field", "value"),
    [
        ("chat, edits", "moderation", {"model": "omni-moderation-latest"}),
        ("chat, edits", "web_search_options", {}),
        ("completions", "best_of", 0),
        ("responses", "moderation", {"model": "omni-moderation-latest"}),
        ("responses", "prompt", {"id": "pmpt_1"}),
        ("messages", "inference_geo", "eu"),
        ("messages", "mcp_servers", [{"type": "url"}]),
        ("images", "background", "transparent"),
    ],
)
async def test_what_changes_the_meaning_or_protects_is_refused(
    lenient: httpx2.AsyncClient, resource: str, field: str, value: Any
) -> None:
    path, body = BODIES[resource]

    answer = await lenient.post(f"/v1/{path}", json=body | {field: value})

    assert answer.status_code == 400
    assert f"'{field}'" in answer.json()["error"]["message"]
