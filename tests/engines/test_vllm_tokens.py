"""Token ids in and out of a chat model, and null in the fields that vLLM reads."""

from typing import Any

import httpx2
import pytest


def post(url: str, path: str, body: dict[str, Any]) -> httpx2.Response:
    return httpx2.post(f"{url}{path}", json=body, timeout=60)


@pytest.mark.parametrize("token", [-1, 10**6, 2**31, 2**40, 2**70])
def test_token_outside_of_the_vocabulary_is_refused_by_its_place(caller: str, token: int) -> None:
    tokens = post(caller, "/v1/tokenize", {"prompt": "hello"}).json()["tokens"]

    whole = post(caller, "/v1/detokenize", {"tokens": tokens})
    wrong = post(caller, "/v1/detokenize", {"tokens": [*tokens, token]})

    place = f"tokens[{len(tokens)}]"
    assert "hello" in whole.json()["content"]
    assert wrong.status_code == 400
    assert wrong.json()["error"]["param"] in (place, "tokens")
    assert place in wrong.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/completions", {"prompt": "a"}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": "a"}]}),
    ],
)
def test_null_is_absent_for_the_engine(caller: str, path: str, body: dict[str, Any]) -> None:
    names = [
        *("n", "temperature", "top_p", "top_k", "min_p", "stop", "seed", "logit_bias", "user"),
        *("presence_penalty", "frequency_penalty", "stream", "stream_options", "logprobs", "echo"),
        *("best_of", "suffix", "tools", "tool_choice", "response_format", "ignore_eos"),
        *("repetition_penalty", "min_tokens", "skip_special_tokens", "add_special_tokens"),
        *("include_stop_str_in_output", "spaces_between_special_tokens", "truncate_prompt_tokens"),
        *("add_generation_prompt", "continue_final_message", "include_reasoning"),
    ]
    fields: dict[str, Any] = dict.fromkeys(names)

    answer = post(caller, path, {**body, **fields, "max_tokens": 2})

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["choices"]) == 1
