"""vLLM's answers in exactly OpenAI's shape. No engine is started."""

import json
from typing import Any

from openai.types import Completion
from openai.types.chat import ChatCompletion

from tests.conformance import assert_conforms

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def chat(**message: Any) -> Any:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionResponse

    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    fields = {"model": "m", "choices": [choice], "usage": USAGE}
    return ChatCompletionResponse.model_validate(fields)


def test_chat_completion_has_openais_fields_and_no_others() -> None:
    from deployments.chat.vllm_answers import as_json

    answer = assert_conforms(ChatCompletion, as_json(chat(content="Hi.")))

    assert answer.choices[0].message.content == "Hi."
    assert answer.usage.total_tokens == 7


def test_completion_has_openais_fields_and_no_others() -> None:
    from vllm.entrypoints.openai.completion.protocol import CompletionResponse

    from deployments.chat.vllm_answers import as_json

    choice = {"index": 0, "text": "4", "finish_reason": "stop"}
    fields = {"model": "m", "choices": [choice], "usage": USAGE}
    whole = CompletionResponse.model_validate(fields)

    assert assert_conforms(Completion, as_json(whole)).choices[0].text == "4"


def test_what_a_client_asked_for_beyond_openais_fields_stays() -> None:
    from deployments.chat.vllm_answers import as_json

    asked = chat(content="Hi.")
    asked.choices[0].stop_reason = "."
    asked.prompt_token_ids = [1, 2]

    answer = json.loads(as_json(asked))

    assert answer["choices"][0]["stop_reason"] == "."
    assert answer["prompt_token_ids"] == [1, 2]


def test_thought_has_both_its_names_whole_and_streamed() -> None:
    from deployments.chat.vllm_answers import as_frame, as_json

    message = json.loads(as_json(chat(content="4.", reasoning="2 + 2")))["choices"][0]["message"]
    chunk = {"choices": [{"index": 0, "delta": {"reasoning": "2 +"}, "finish_reason": None}]}
    plain = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'

    frame = as_frame(f"data: {json.dumps(chunk)}\n\n")

    assert message["reasoning"] == message["reasoning_content"] == "2 + 2"
    delta = json.loads(frame.removeprefix(b"data: "))["choices"][0]["delta"]
    assert delta == {"reasoning": "2 +", "reasoning_content": "2 +"}
    assert frame.endswith(b"}\n\n")
    assert as_frame(plain) == plain.encode()
