"""Every answer and every event in exactly the shape of OpenAI's SDK, read strictly."""

import json
from typing import Any

import httpx2
import pytest
from openai.types import (
    CreateEmbeddingResponse,
    ImageGenStreamEvent,
    ImagesResponse,
    Model,
)
from openai.types.audio import (
    Transcription,
    TranscriptionStreamEvent,
    TranscriptionVerbose,
    Translation,
    TranslationVerbose,
)
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from tests.support.openai_conformance import CompletionChunk, assert_conforms, events
from tests.support.server import Server

SUM: Any = [{"role": "user", "content": "What is 2+2?"}]
ASKS_FOR_WEATHER: Any = [{"role": "user", "content": "What is the weather in Boston?"}]


def function(name: str, parameter: str) -> dict[str, Any]:
    properties = {parameter: {"type": "string"}}
    parameters = {"type": "object", "properties": properties, "required": [parameter]}
    return {"name": name, "parameters": parameters}


WEATHER = function("get_current_weather", "location")
TIME = function("get_time", "city")
TOOLS: Any = [{"type": "function", "function": each} for each in (WEATHER, TIME)]
ADA = "Give me a JSON object with name and age for Ada who is 36"
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
CALLS: dict[str, Any] = {
    "auto": {"tools": TOOLS},
    "required": {"tools": TOOLS, "tool_choice": "required"},
    "named": {
        "tools": TOOLS,
        "tool_choice": {"type": "function", "function": {"name": "get_time"}},
    },
    "one at a time": {"tools": TOOLS, "tool_choice": "required", "parallel_tool_calls": False},
}
NUM_CALLS = dict.fromkeys(CALLS, 1) | {"two calls": 2}
CHATS: dict[str, Any] = {
    "plain": {},
    "labelled": {"user": "ada", "service_tier": "auto", "store": False},
    "two": {"n": 2, "temperature": 1, "seed": 3},
    "logprobs": {"logprobs": True, "top_logprobs": 2},
    "logprobs of an echo": {"logprobs": True, "top_logprobs": 1, "echo": True},
    "schema": {
        "messages": [{"role": "user", "content": ADA}],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "person", "schema": PERSON},
        },
    },
    "stop": {"stop": ["+"]},
    "length": {"max_tokens": 2},
    "tools unused": {"messages": [{"role": "user", "content": "Thank you!"}], "tools": TOOLS},
    **{name: {"messages": ASKS_FOR_WEATHER, **body} for name, body in CALLS.items()},
    "two calls": {  # one does not have as many tokens
        "messages": ASKS_FOR_WEATHER,
        "tools": TOOLS,
        "tool_choice": "required",
        "min_tokens": 25,
    },
    "functions": {"messages": ASKS_FOR_WEATHER, "functions": [WEATHER]},
    "forced function": {
        "messages": ASKS_FOR_WEATHER,
        "functions": [WEATHER],
        "function_call": {"name": "get_current_weather"},
    },
}
COMPLETIONS: dict[str, Any] = {
    "plain": {},
    "echo": {"echo": True},
    "echo with logprobs": {"echo": True, "logprobs": 2},
    "logprobs": {"logprobs": 0},
    "stop": {"stop": ","},
    "several": {"prompt": ["one, two, ", "red, "], "n": 2, "temperature": 1},
}


def post(server: Server, path: str, **request: Any) -> str:
    """Return an answer as it came."""
    answer = httpx2.post(f"{server.url}/v1/{path}", timeout=60, **request)
    assert answer.status_code == 200, answer.text
    return answer.text


def stream_chunks(server: Server, path: str, body: Any, kind: Any) -> list[Any]:
    """Return the chunks of a stream that tells its usage, and of one that does not, each read."""
    body = {**body, "stream": True}
    untold = list(events(post(server, path, json=body)))
    told = list(
        events(post(server, path, json={**body, "stream_options": {"include_usage": True}}))
    )
    for frames in (untold, told):
        assert frames.pop() == ("", "[DONE]")
    assert not any('"usage"' in data for _, data in untold)
    *chunks, last = [assert_conforms(kind, data) for _, data in told]
    assert all(json.loads(data)["usage"] is None for _, data in told[:-1])
    assert last.choices == []
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens
    assert {(chunk.id, chunk.created, chunk.model) for chunk in chunks} == {
        (last.id, last.created, "homeport-chat")
    }
    for _, data in untold:
        assert_conforms(kind, data)
    return chunks


@pytest.mark.parametrize("case", CHATS)
def test_chat_completion_is_openais(server: Server, case: str) -> None:
    body: Any = {"model": "gpt-4o", "messages": SUM, **CHATS[case]}

    answer = assert_conforms(ChatCompletion, post(server, "chat/completions", json=body))

    assert [choice.index for choice in answer.choices] == list(range(body.get("n", 1)))
    for choice in answer.choices:
        message = choice.message
        calls = [call.function for call in message.tool_calls or ()]
        called = calls + ([message.function_call] if message.function_call else [])
        assert message.refusal is None
        assert (message.content is None) == bool(called), "a call has no text"
        assert all(isinstance(json.loads(call.arguments), dict) for call in called)
        assert len(message.tool_calls or ()) == NUM_CALLS.get(case, 0)
        assert (choice.logprobs is not None) == ("logprobs" in body)


@pytest.mark.parametrize("case", CHATS)
def test_chat_stream_is_openais(server: Server, case: str) -> None:
    body: Any = {"model": "gpt-4o", "messages": SUM, **CHATS[case]}

    chunks = stream_chunks(server, "chat/completions", body, ChatCompletionChunk)

    for index in range(body.get("n", 1)):
        parts = [chunk.choices[0] for chunk in chunks if chunk.choices[0].index == index]
        assert [part.delta.role for part in parts] == ["assistant"] + [None] * (len(parts) - 1)
        assert [part.finish_reason is None for part in parts] == [True] * (len(parts) - 1) + [False]
        calls = [call for part in parts for call in part.delta.tool_calls or ()]
        begun = [call for call in calls if call.id is not None]
        assert [call.index for call in begun] == list(range(NUM_CALLS.get(case, 0)))
        assert [call.function.name is None for call in calls] == [call.id is None for call in calls]
        assert {call.type for call in begun} <= {"function"}
        for call in begun:
            pieces = [each for each in calls if each.index == call.index]
            assert pieces[0] is call
            check_arguments([piece.function for piece in pieces])
        check_arguments([part.delta.function_call for part in parts if part.delta.function_call])


def check_arguments(pieces: list[Any]) -> None:
    """Hold the pieces of a call to: the name first, and the arguments of all of them an object."""
    if pieces:
        assert pieces[0].name
        assert isinstance(json.loads("".join(piece.arguments for piece in pieces)), dict)


@pytest.mark.parametrize("case", COMPLETIONS)
def test_completion_is_openais_whole_and_streamed(server: Server, case: str) -> None:
    body: Any = {"model": "gpt-4o", "prompt": "one, two, ", "max_tokens": 4, **COMPLETIONS[case]}
    count = len(body["prompt"]) * 2 if case == "several" else 1

    whole = assert_conforms(CompletionChunk, post(server, "completions", json=body))
    chunks = stream_chunks(server, "completions", body, CompletionChunk)

    assert [choice.index for choice in whole.choices] == list(range(count))
    assert all(choice.finish_reason in ("stop", "length") for choice in whole.choices)
    for index in range(count):
        parts = [chunk.choices[0] for chunk in chunks if chunk.choices[0].index == index]
        assert [part.finish_reason is None for part in parts] == [True] * (len(parts) - 1) + [False]
        if count == 1:
            assert "".join(part.text for part in parts) == whole.choices[0].text


@pytest.mark.parametrize("stream", [False, True])
def test_spoken_chat_is_openais(server: Server, stream: bool) -> None:
    body = {
        "model": "gpt-4o",
        "messages": SUM,
        "modalities": ["text", "audio"],
        "audio": {"voice": "alloy", "format": "pcm16"},
    }

    if stream:
        chunks = stream_chunks(server, "chat/completions", body, ChatCompletionChunk)
        said = [chunk.choices[0].delta.audio for chunk in chunks]
        assert len([audio for audio in said if audio and audio.id]) == 1
        assert chunks[-1].choices[0].finish_reason == "stop"
    else:
        answer = assert_conforms(ChatCompletion, post(server, "chat/completions", json=body))
        assert answer.choices[0].message.audio.transcript == "2 + 2 = 4."


def test_embeddings_are_openais(server: Server) -> None:
    text = post(server, "embeddings", json={"model": "text-embedding-3-small", "input": ["a", "b"]})

    answer = assert_conforms(CreateEmbeddingResponse, text)

    assert [item.index for item in answer.data] == [0, 1]


def test_images_and_their_stream_are_openais(server: Server) -> None:
    body = {"model": "dall-e-3", "prompt": "a red circle", "size": "64x64", "step": 2}

    for form in ("url", "b64_json"):
        text = post(server, "images/generations", json={**body, "response_format": form})
        (image,) = assert_conforms(ImagesResponse, text).data
        assert (image.url is None) == (form == "b64_json") == (image.b64_json is not None)
    text = post(server, "images/generations", json={**body, "stream": True, "partial_images": 1})

    told = [(name, assert_conforms(ImageGenStreamEvent, data)) for name, data in events(text)]

    assert [name for name, _ in told] == [event.type for _, event in told]
    assert [event.type.rpartition(".")[2] for _, event in told] == ["partial_image", "completed"]


def test_models_are_openais(server: Server) -> None:
    for model in httpx2.get(f"{server.url}/v1/models", timeout=30).json()["data"]:
        assert_conforms(Model, json.dumps(model))


def test_speech_events_and_transcripts_are_openais(server: Server) -> None:
    text = "The train to London leaves at seven."
    body = {"model": "tts-1", "voice": "alloy", "input": text}
    wav = httpx2.post(
        f"{server.url}/v1/audio/speech", json={**body, "response_format": "wav"}, timeout=30
    )
    told = [
        json.loads(data)
        for _, data in events(post(server, "audio/speech", json={**body, "stream_format": "sse"}))
    ]

    assert {tuple(event) for event in told[:-1]} == {("type", "audio")}
    assert {event["type"] for event in told[:-1]} == {"speech.audio.delta"}
    assert told[-1]["type"] == "speech.audio.done"
    assert {"input_tokens", "output_tokens", "total_tokens"} <= set(told[-1]["usage"])

    def post_recording(path: str, **form: Any) -> str:
        file = {"file": ("train.wav", wav.content, "audio/wav")}
        return post(server, f"audio/{path}", data={"model": "whisper-1", **form}, files=file)

    assert assert_conforms(Transcription, post_recording("transcriptions")).text == text
    assert assert_conforms(Translation, post_recording("translations")).text == text
    verbose = {"response_format": "verbose_json"}
    words = {"timestamp_granularities[]": ["word", "segment"]}
    assert assert_conforms(
        TranscriptionVerbose, post_recording("transcriptions", **verbose, **words)
    ).words
    assert_conforms(TranslationVerbose, post_recording("translations", **verbose))
    frames = [data for _, data in events(post_recording("transcriptions", stream="true"))]
    assert frames.pop() == "[DONE]"
    *deltas, done = [assert_conforms(TranscriptionStreamEvent, data) for data in frames]
    assert {event.type for event in deltas} == {"transcript.text.delta"}
    assert "".join(event.delta for event in deltas) == done.text == text
