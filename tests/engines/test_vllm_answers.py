"""vLLM's answers in exactly OpenAI's shape. No engine is started."""

import json
from typing import Any

from openai.types import Completion
from openai.types.chat import ChatCompletion

from tests.support.openai_conformance import assert_conforms

USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def chat(**message: Any) -> Any:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionResponse

    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    fields = {"model": "m", "choices": [choice], "usage": USAGE}
    return ChatCompletionResponse.model_validate(fields)


def test_chat_completion_has_openais_fields_and_no_others() -> None:
    from deployments.chat.vllm.answers import as_json

    answer = assert_conforms(ChatCompletion, as_json(chat(content="Hi.")))

    assert answer.choices[0].message.content == "Hi."
    assert answer.usage.total_tokens == 7


def test_completion_has_openais_fields_and_no_others() -> None:
    from vllm.entrypoints.openai.completion.protocol import CompletionResponse

    from deployments.chat.vllm.answers import as_json

    choice = {"index": 0, "text": "4", "finish_reason": "stop"}
    fields = {"model": "m", "choices": [choice], "usage": USAGE}
    whole = CompletionResponse.model_validate(fields)

    assert assert_conforms(Completion, as_json(whole)).choices[0].text == "4"


def test_what_a_client_asked_for_beyond_openais_fields_stays() -> None:
    from deployments.chat.vllm.answers import as_json

    asked = chat(content="Hi.")
    asked.choices[0].stop_reason = "."
    asked.prompt_token_ids = [1, 2]

    answer = json.loads(as_json(asked))

    assert answer["choices"][0]["stop_reason"] == "."
    assert answer["prompt_token_ids"] == [1, 2]


def asking(**fields: Any) -> Any:
    from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest

    return ChatCompletionRequest.model_validate(
        {"messages": [{"role": "user", "content": "x"}], "stream": True, **fields}
    )


def written(chunk: Any, **fields: Any) -> dict[str, Any]:
    """Return what becomes of a frame in the stream that answers a request with these fields."""
    from deployments.chat.vllm.answers import frame_writer

    frame = f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n"
    event = frame_writer(asking(**fields))(frame)
    assert event.endswith(b"}\n\n")
    return json.loads(event.removeprefix(b"data: "))


def piece(**delta: Any) -> Any:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def test_thought_has_both_its_names_whole_and_streamed() -> None:
    from deployments.chat.vllm.answers import as_json

    message = json.loads(as_json(chat(content="4.", reasoning="2 + 2")))["choices"][0]["message"]

    assert message["reasoning"] == message["reasoning_content"] == "2 + 2"
    assert written(piece(reasoning="2 +")) == piece(reasoning="2 +", reasoning_content="2 +")


def test_chunk_loses_what_is_empty_and_not_openais() -> None:
    chunk = piece(content=',"token_ids":null')
    empty = {"token_ids": None, "stop_reason": None}

    assert written({"choices": [chunk["choices"][0] | empty]}) == chunk
    asked = {"choices": [chunk["choices"][0] | {"token_ids": [1], "stop_reason": "."}]}
    assert written(asked) == asked


def test_chunks_before_the_usage_say_that_there_is_none_yet() -> None:
    from deployments.chat.vllm.answers import frame_writer

    chunk, usage = piece(content='"usage":'), {"choices": [], "usage": USAGE}
    options = {"stream_options": {"include_usage": True}}

    assert written(chunk, **options) == {**chunk, "usage": None}
    assert written(usage, **options) == usage
    assert written(chunk) == chunk
    done = "data: [DONE]\n\n"
    assert frame_writer(asking(**options))(done) == done.encode()


def test_first_piece_of_a_call_has_its_arguments_and_a_call_no_empty_text() -> None:
    from deployments.chat.vllm.answers import as_json

    call = {"id": "call_1", "type": "function", "function": {"name": "f"}}
    begun = written(piece(content=None, tool_calls=[{"id": "call_1", **call, "index": 0}]))
    whole = chat(content="", tool_calls=[{**call, "function": {"name": "f", "arguments": "{}"}}])

    (part,) = begun["choices"][0]["delta"]["tool_calls"]
    assert part["function"] == {"name": "f", "arguments": ""}
    assert json.loads(as_json(whole))["choices"][0]["message"]["content"] is None


def test_prompt_of_an_echo_has_its_tokens_only_where_they_were_asked_for() -> None:
    from deployments.chat.vllm.answers import as_json

    chunk: Any = {"choices": [{"index": 0, "text": "a]", "prompt_token_ids": [1, 2], "x": [3]}]}
    answer = chat(content="Hi.")
    answer.prompt_logprobs = [None]

    assert written(chunk, return_token_ids=True) == chunk
    del chunk["choices"][0]["prompt_token_ids"]
    assert (
        written({"choices": [{"index": 0, "text": "a]", "prompt_token_ids": [1], "x": [3]}]})
        == chunk
    )
    assert "prompt_logprobs" not in json.loads(as_json(answer, asking()))
    assert "prompt_logprobs" in json.loads(as_json(answer, asking(stream=False, prompt_logprobs=1)))


def test_parts_of_the_prompt_are_counted_under_openais_names() -> None:
    from deployments.chat.vllm.answers import as_json

    counted = {"cached_tokens": 2, "created_cache_tokens": 1, "multimodal_tokens": {"image": 2}}
    usage = {**USAGE, "prompt_tokens_details": counted}
    whole = chat(content="Hi.")
    whole.usage = type(whole.usage).model_validate(usage)

    answer = assert_conforms(ChatCompletion, as_json(whole))

    expected = {"cached_tokens": 2, "cache_write_tokens": 1, "image_tokens": 2}
    assert answer.usage.prompt_tokens_details.to_dict() == expected
    streamed = written({"choices": [], "usage": usage}, stream_options={"include_usage": True})
    assert streamed["usage"]["prompt_tokens_details"] == expected
