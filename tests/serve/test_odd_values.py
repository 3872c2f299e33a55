"""No value of any field makes the server fail: it is honoured or refused, never a 5xx."""

import httpx2
import pytest

from tests.serve.odd_values import VALUES
from tests.support.server import Server
from wire.openai.chat import ChatCompletionRequest

ENGINES_OWN = [
    "allowed_token_ids",
    "bad_words",
    "chat_template_kwargs",
    "continue_final_message",
    "documents",
    "include_reasoning",
    "length_penalty",
    "min_tokens",
    "prompt_logprobs",
    "reasoning_effort",
    "repetition_detection",
    "repetition_penalty",
    "request_id",
    "return_token_ids",
    "stop_token_ids",
    "truncate_prompt_tokens",
    "use_beam_search",
    "vllm_xargs",
]
"""Fields that only the engine knows; they reach it unread."""


@pytest.mark.parametrize("field", [*ChatCompletionRequest.model_fields, *ENGINES_OWN])
def test_field_of_odd_value_is_honoured_or_refused(server: Server, field: str) -> None:
    hello = {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 2}
    with httpx2.Client(base_url=server.url, timeout=30) as http:
        for value in VALUES:
            answer = http.post("/v1/chat/completions", json=hello | {field: value})

            assert answer.status_code in (200, 400, 404), (value, answer.text)
            if answer.status_code != 200:
                assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
