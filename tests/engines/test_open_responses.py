"""The Open Responses specification, by vLLM, through the whole HTTP application."""

import json
from typing import Any

import httpx2
import pytest
from vllm.sampling_params import SamplingParams

from deployments.chat.vllm.responses import OneTurnRequest
from tests.engines.media_parts import MODEL as OMNI
from tests.support.open_responses import read_items, read_response, read_stream
from tests.support.pictures import data_url, picture
from tests.support.tiny_thinker import SUM, WEATHER

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated in favor:DeprecationWarning")
"""vLLM marks fields that OpenAI's clients still send, and reads them itself."""

TOOL = {
    "type": "function",
    "name": "weather",
    "parameters": {"type": "object", "properties": {"city": {"enum": ["Bern", "Rome"]}}},
}
NAMED = {"type": "function", "name": "weather"}
AT_ONCE = {"reasoning": {"effort": "none"}}
"""Without a thought before the answer."""


def message(text: Any, role: str = "user") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": text}


def ask(url: str, **fields: Any) -> str:
    """Return an answer as it came."""
    body = {"model": "thinker", "temperature": 0, "input": [message(SUM[0])], **fields}
    answer = httpx2.post(f"{url}/v1/responses", json=body, timeout=120)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith(
        "text/event-stream" if fields.get("stream") else "application/json"
    )
    return answer.text


def read(url: str, *, stream: bool, **fields: Any) -> Any:
    """Return a response that is as the specification requires, also its stream."""
    if not stream:
        return read_response(ask(url, **fields))
    return read_response(json.dumps(read_stream(ask(url, stream=True, **fields))[-1]["response"]))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({"input": SUM[0]}, ["reasoning", "message"]),
        (AT_ONCE, ["message"]),
        ({"input": [message("Be kind.", "system"), message(SUM[0])]}, None),
        ({"input": [message("Be kind.", "developer"), message(SUM[0])]}, None),
        ({"instructions": "Be kind."}, None),
        ({"input": [message(SUM[0]), message(SUM[2], "assistant"), message(SUM[0])]}, None),
        ({"input": [message([{"type": "input_text", "text": SUM[0]}])]}, ["reasoning", "message"]),
        ({"input": WEATHER[0], "tools": [TOOL]}, ["reasoning", "function_call"]),
        ({"tools": [TOOL], "tool_choice": "required", **AT_ONCE}, ["function_call"]),
        ({"tools": [TOOL], "tool_choice": NAMED, **AT_ONCE}, ["function_call"]),
        ({"tools": [TOOL], "tool_choice": "none"}, ["reasoning", "message"]),
        ({"text": {"format": {"type": "json_object"}}, "max_output_tokens": 60}, None),
        ({"top_p": 0.5, "temperature": 0.7, "seed": 1, "max_output_tokens": 60}, None),
        ({"include": ["message.output_text.logprobs"], "top_logprobs": 2}, None),
        ({"metadata": {"a": "b"}, "prompt_cache_key": "a", "safety_identifier": "b"}, None),
    ],
)
def test_answer_is_as_specified(
    thinker: str, fields: dict[str, Any], kinds: list[str] | None, stream: bool
) -> None:
    response = read(thinker, stream=stream, **{"max_output_tokens": 200, **fields})

    assert response.output
    if kinds is not None:
        assert response.status == "completed"
        assert [item.type for item in response.output] == kinds


@pytest.mark.parametrize("interval", [2, 3, 5, 8, 100])
@pytest.mark.parametrize("fields", [{}, AT_ONCE, {"tools": [TOOL], "tool_choice": "auto"}])
def test_logprobs_are_of_the_text_when_several_tokens_come_at_once(
    thinker: str, fields: dict[str, Any], interval: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As under load, where the engine is ahead of who reads it."""
    sampling = OneTurnRequest.to_sampling_params

    def merge(*args: Any, **options: Any) -> SamplingParams:
        params = sampling(*args, **options)
        params.stream_interval = interval
        return params

    monkeypatch.setattr(OneTurnRequest, "to_sampling_params", merge)
    asked = {"include": ["message.output_text.logprobs"], "top_logprobs": 2, **fields}
    whole, streamed = (
        read(thinker, stream=stream, max_output_tokens=200, **asked) for stream in (False, True)
    )

    message = streamed.output[-1]
    assert [part.text.strip() for part in message.content] == [SUM[2]]
    for part in message.content:
        assert "".join(each.token for each in part.logprobs) == part.text
    assert _without_ids(streamed) == _without_ids(whole)


@pytest.mark.parametrize(
    ("question", "choice"),
    [(SUM[0], "none"), (SUM[0], "auto"), (WEATHER[0], "auto"), (WEATHER[0], "required")],
)
@pytest.mark.parametrize("limit", [200, 12, 17, 22, 27])
def test_items_are_the_same_whole_and_streamed(
    thinker: str, question: str, choice: str, limit: int
) -> None:
    asked = {"input": question, "tools": [TOOL], "tool_choice": choice}

    whole, streamed = (
        read(thinker, stream=stream, max_output_tokens=limit, **asked) for stream in (False, True)
    )

    assert _without_ids(streamed) == _without_ids(whole)


def _without_ids(response: Any) -> list[dict[str, Any]]:
    return [item.model_dump(exclude={"id", "call_id"}) for item in response.output]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"max_output_tokens": 3}, "reasoning"),
        ({"max_output_tokens": 4, **AT_ONCE}, "message"),
        ({"input": WEATHER[0], "tools": [TOOL], "max_output_tokens": 28, **AT_ONCE}, None),
        (
            {"tools": [TOOL], "tool_choice": NAMED, "max_output_tokens": 24, **AT_ONCE},
            "function_call",
        ),
    ],
)
def test_cut_answer_ends_with_an_incomplete_item(
    thinker: str, fields: dict[str, Any], kind: str | None, stream: bool
) -> None:
    response = read(thinker, stream=stream, **fields)

    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"
    assert response.usage.output_tokens == fields["max_output_tokens"]
    last = response.output[-1]
    assert last.status == "incomplete"
    assert kind in (None, last.type)


@pytest.mark.parametrize("stream", [False, True])
def test_answer_shows_the_sampling_that_was_asked_for(thinker: str, stream: bool) -> None:
    asked = {"temperature": 0, "top_p": 0.25, "presence_penalty": 0.5, "frequency_penalty": -0.5}

    response = read(thinker, stream=stream, max_output_tokens=3, **asked)
    usual = read(thinker, stream=stream, max_output_tokens=3)

    assert {name: getattr(response, name) for name in asked} == asked
    assert (usual.top_p, usual.presence_penalty, usual.frequency_penalty) == (1, 0, 0)


@pytest.mark.parametrize("stream", [False, True])
def test_picture_is_input(omni: str, stream: bool) -> None:
    image = {"type": "input_image", "image_url": data_url(picture("red"))}
    content = [{"type": "input_text", "text": "What is it?"}, image]

    response = read(omni, stream=stream, model=OMNI, input=[message(content)], max_output_tokens=5)

    path = f"{omni}/v1/responses/{response.id}/input_items"
    (item,) = httpx2.get(path).json()["data"]
    read_items([item])
    assert response.usage.input_tokens > 10


def test_turns_are_the_same_by_id_and_by_items(thinker: str) -> None:
    asked: dict[str, Any] = {"input": WEATHER[0], "tools": [TOOL]}
    first = json.loads(ask(thinker, **asked))
    call = first["output"][-1]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "Sunny."}

    by_id = read(
        thinker, stream=False, input=[result], tools=[TOOL], previous_response_id=first["id"]
    )
    items = [message(WEATHER[0]), *first["output"], result]
    by_items = read(thinker, stream=False, input=items, tools=[TOOL])

    assert by_id.usage.input_tokens == by_items.usage.input_tokens
    assert by_id.previous_response_id == first["id"]
    listed = httpx2.get(f"{thinker}/v1/responses/{by_items.id}/input_items").json()["data"]
    assert [item.type for item in read_items(listed)][::-1] == [
        "message",
        "reasoning",
        "function_call",
        "function_call_output",
    ]
