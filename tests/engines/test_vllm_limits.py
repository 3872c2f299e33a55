"""Numbers beyond what is possible are clamped where a smaller one is answered."""

import json
from typing import Any

import httpx2
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated in favor:DeprecationWarning")
"""vLLM marks fields that OpenAI's clients still send, and reads them itself."""

FAR_BEYOND = 128_000
CHAT = {"messages": [{"role": "user", "content": "2+2?"}]}
ENDLESS = {"ignore_eos": True, "temperature": 0}
NUMBERS = {"type": "array", "items": {"type": "integer"}, "minItems": 900}
"""A form that no answer of the context's length completes."""


def ask(url: str, path: str, body: dict[str, Any]) -> httpx2.Response:
    return httpx2.post(f"{url}/v1/{path}", json=body, timeout=120)


@pytest.mark.parametrize(
    ("path", "body", "limit"),
    [
        ("chat/completions", CHAT | ENDLESS, "max_tokens"),
        ("chat/completions", CHAT | ENDLESS, "max_completion_tokens"),
        ("chat/completions", CHAT | ENDLESS, "n_predict"),
        ("completions", ENDLESS | {"prompt": "2+2?"}, "max_tokens"),
        ("completions", ENDLESS | {"prompt": ["2+2?", "Two and two and two?"]}, "max_tokens"),
        ("completions", ENDLESS | {"prompt": "2+2?"}, "n_predict"),
        ("edits", ENDLESS | {"instruction": "2+2?"}, "max_tokens"),
    ],
)
def test_more_tokens_than_the_context_has_are_clamped(
    thinker: str, path: str, body: dict[str, Any], limit: str
) -> None:
    answer = ask(thinker, path, body | {limit: FAR_BEYOND}).json()

    assert {choice.get("finish_reason", "length") for choice in answer["choices"]} == {"length"}
    num_prompts = len(answer["choices"])
    assert answer["usage"]["total_tokens"] == 512 * num_prompts


def test_completion_without_a_limit_fills_the_context(thinker: str) -> None:
    answer = ask(thinker, "completions", ENDLESS | {"prompt": "2+2?", "n_predict": -1}).json()

    assert answer["usage"]["total_tokens"] == 512


@pytest.mark.parametrize("stream", [False, True])
def test_response_beyond_the_context_is_incomplete(thinker: str, stream: bool) -> None:
    body = ENDLESS | {"input": "2+2?", "max_output_tokens": FAR_BEYOND, "stream": stream}

    answer = ask(thinker, "responses", body)

    last = answer.text.strip().rpartition("data: ")[2]
    response = json.loads(last)["response"] if stream else answer.json()
    assert response["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"}
    assert response["max_output_tokens"] == FAR_BEYOND


def test_message_beyond_the_context_ends_with_it(thinker: str) -> None:
    form = {"format": {"type": "json_schema", "schema": NUMBERS}}
    body = CHAT | {"max_tokens": FAR_BEYOND, "output_config": form}

    answer = ask(thinker, "messages", body).json()

    assert answer["stop_reason"] == "model_context_window_exceeded"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", {"max_tokens": FAR_BEYOND}),
        ("messages", {"max_tokens": FAR_BEYOND}),
        ("completions", {"max_tokens": FAR_BEYOND}),
        ("responses", {"max_output_tokens": FAR_BEYOND}),
    ],
)
def test_prompt_that_leaves_no_room_is_refused(
    thinker: str, path: str, body: dict[str, Any]
) -> None:
    text = "two " * 600
    prompts = {"completions": {"prompt": text}, "responses": {"input": text}}
    chat = {"messages": [{"role": "user", "content": text}]}

    answer = ask(thinker, path, body | prompts.get(path, chat))

    assert answer.status_code == 400
    assert "context length" in answer.json()["error"]["message"]
    assert answer.json()["error"].get("code", "context_length_exceeded") == (
        "context_length_exceeded"
    )


def test_more_stop_texts_than_openais_are_honoured(thinker: str) -> None:
    stop = [f"<{index}>" for index in range(64)]

    assert ask(thinker, "messages", CHAT | {"max_tokens": 4, "stop_sequences": stop}).is_success
    assert ask(thinker, "chat/completions", CHAT | {"max_tokens": 4, "stop": stop}).is_success


@pytest.mark.parametrize("top_k", [10**6, 2**40, 2**70])
def test_more_tokens_to_choose_from_than_there_are_is_all(thinker: str, top_k: int) -> None:
    few = {"max_tokens": 2, "top_k": top_k}

    assert ask(thinker, "chat/completions", CHAT | few).is_success
    assert ask(thinker, "messages", CHAT | few).is_success
    assert ask(thinker, "completions", few | {"prompt": "2+2?"}).is_success
    assert ask(thinker, "responses", {"input": "2+2?", "top_k": top_k}).is_success
