"""Logprobs by vLLM, through the whole HTTP application, in OpenAI's shape."""

import math
from typing import Any

import httpx2
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response

from tests.support.openai_conformance import CompletionChunk, assert_conforms, events
from tests.support.tiny_thinker import SUM

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated in favor:DeprecationWarning")
"""vLLM marks fields that OpenAI's clients still send, and reads them itself."""

ANSWER = SUM[2]
AT_ONCE: Any = {
    "messages": [{"role": "user", "content": SUM[0]}],
    "chat_template_kwargs": {"enable_thinking": False},
}


def post(url: str, path: str, **fields: Any) -> httpx2.Response:
    body = {"model": "thinker", "temperature": 0, **fields}
    return httpx2.post(f"{url}/v1/{path}", json=body, timeout=120)


def check(tokens: list[Any], text: str, top: int) -> None:
    """Check that they are probabilities of the text's tokens, its bytes in order."""
    assert b"".join(bytes(each.bytes) for each in tokens).decode().startswith(text)
    for each in tokens:
        assert len(each.top_logprobs) == top
        assert sum(math.exp(other.logprob) for other in each.top_logprobs) < 1 + 1e-5
        if top:  # the likeliest is taken
            assert each.logprob == max(other.logprob for other in each.top_logprobs)


@pytest.mark.parametrize("top", [0, 3])
def test_logprobs_are_those_of_the_text_whole_and_streamed(thinker: str, top: int) -> None:
    asked = {**AT_ONCE, "logprobs": True, "top_logprobs": top}

    whole = assert_conforms(ChatCompletion, post(thinker, "chat/completions", **asked).text)
    stream = post(thinker, "chat/completions", **asked, stream=True).text
    frames = [data for _, data in events(stream)][:-1]
    chunks = [assert_conforms(ChatCompletionChunk, frame) for frame in frames]

    choices = [chunk.choices[0] for chunk in chunks]
    streamed = [each for choice in choices if choice.logprobs for each in choice.logprobs.content]
    assert whole.choices[0].message.content == ANSWER
    check(whole.choices[0].logprobs.content, ANSWER, top)
    check(streamed, ANSWER, top)


def test_each_of_several_answers_has_its_own(thinker: str) -> None:
    asked = {**AT_ONCE, "logprobs": True, "top_logprobs": 1, "n": 2, "temperature": 0.1, "seed": 1}

    answer = assert_conforms(ChatCompletion, post(thinker, "chat/completions", **asked).text)

    assert [choice.index for choice in answer.choices] == [0, 1]
    for choice in answer.choices:
        check(choice.logprobs.content, choice.message.content, 1)


@pytest.mark.parametrize("stream", [False, True])
def test_echo_has_logprobs_of_the_prompt_but_its_first_token(thinker: str, stream: bool) -> None:
    asked = {"prompt": "a😀é", "logprobs": 1, "echo": True, "max_tokens": 2, "stream": stream}

    text = post(thinker, "completions", **asked).text
    parts = [data for _, data in events(text)][:-1] if stream else [text]
    choices = [assert_conforms(CompletionChunk, part).choices[0] for part in parts]

    told = "".join(choice.text for choice in choices)
    tokens = [token for choice in choices for token in choice.logprobs.tokens]
    logprobs = [value for choice in choices for value in choice.logprobs.token_logprobs]
    assert told.startswith("a😀é")
    assert "".join(tokens) == told
    assert logprobs[0] is None
    assert all(value <= 0 for value in logprobs[1:])


def test_tokens_that_cannot_come_have_a_number_that_json_knows(thinker: str) -> None:
    asked = {**AT_ONCE, "logprobs": True, "top_logprobs": 20, "grammar": 'root ::= "yes"'}

    answer = assert_conforms(ChatCompletion, post(thinker, "chat/completions", **asked).text)

    assert answer.choices[0].message.content == "yes"
    assert min(each.logprob for each in answer.choices[0].logprobs.content[0].top_logprobs) < -99


def test_response_has_logprobs_of_its_text_and_not_of_the_thought(thinker: str) -> None:
    asked = {"include": ["message.output_text.logprobs"], "top_logprobs": 2}
    text = post(thinker, "responses", input=SUM[0], **asked).text

    (part,) = assert_conforms(Response, text).output[-1].content

    assert "".join(each.token for each in part.logprobs) == part.text
    check(part.logprobs, part.text, 2)


@pytest.mark.parametrize(
    ("path", "wish", "param"),
    [
        ("chat/completions", {**AT_ONCE, "logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ("chat/completions", {**AT_ONCE, "top_logprobs": 2}, "top_logprobs"),
        ("chat/completions", {**AT_ONCE, "prompt_logprobs": 1, "stream": True}, "prompt_logprobs"),
        ("completions", {"prompt": "a", "logprobs": 21}, "logprobs"),
        ("completions", {"prompt": "a", "prompt_logprobs": 1, "stream": True}, "prompt_logprobs"),
    ],
)
def test_logprobs_that_cannot_be_told_are_refused_by_name(
    thinker: str, path: str, wish: Any, param: str
) -> None:
    answer = post(thinker, path, **wish)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
