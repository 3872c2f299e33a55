import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI
from openai.types.chat.chat_completion_chunk import ChoiceDeltaAudio

from serve_app.models.calls import Calls
from serve_app.models.registry import Registry
from serve_app.observability import RequestRecord
from serve_app.spoken.speech_after_chat import Spoken, Voice, speak_answer
from tests.api.composed import Listener, Speaker, Writer, compose
from tests.support.application import create_test_api
from tests.support.scripted_model import connect
from tests.support.waiting import run_other_tasks
from wire.bodies import ChatCompletionBody
from wire.calls import Kind
from wire.errors import ModelOverloadedError

BODY = ChatCompletionBody(messages=[])
ALOUD: Any = {
    "model": "writer",
    "messages": [{"role": "user", "content": "hi"}],
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "pcm16"},
}


@pytest.fixture
def writer() -> Writer:
    return Writer()


@pytest.fixture
def speaker() -> Speaker:
    return Speaker()


@pytest.fixture
def registry(writer: Writer, speaker: Speaker) -> Registry:
    return compose(writer, speaker, Listener())


@pytest.fixture
def calls(registry: Registry) -> Calls:
    return Calls(registry, RequestRecord("POST", "/v1/chat/completions", "req"))


@pytest.fixture
async def http(registry: Registry) -> AsyncIterator[httpx2.AsyncClient]:
    api = create_test_api(registry)
    async with api.router.lifespan_context(api), connect(api) as client:
        yield client


@pytest.fixture
def openai_client(http: httpx2.AsyncClient) -> AsyncOpenAI:
    return AsyncOpenAI(base_url="http://test/v1", api_key="none", http_client=http, max_retries=0)


async def audio_deltas(stream: Any) -> list[ChoiceDeltaAudio]:
    return [
        choice.delta.audio
        async for piece in stream
        for choice in piece.choices
        if choice.delta.audio
    ]


def text_of(deltas: list[ChoiceDeltaAudio]) -> str:
    return "".join(delta.transcript or "" for delta in deltas)


def sound_of(deltas: list[ChoiceDeltaAudio]) -> str:
    data = [base64.b64decode(delta.data) for delta in deltas if delta.data]
    assert all(len(pcm) % 2 == 0 for pcm in data)
    return b"".join(data).decode("utf-16-le")


async def test_streamed_answer_is_heard_in_the_order_it_is_written(
    openai_client: AsyncOpenAI, speaker: Speaker
) -> None:
    stream = await openai_client.chat.completions.create(stream=True, **ALOUD)
    deltas = await audio_deltas(stream)

    assert text_of(deltas) == "Hello there. How are you? Bye"
    assert speaker.sentences == ["Hello there.", "How are you?", "Bye"]
    assert sound_of(deltas) == "Hello there.How are you?Bye"
    assert [bool(delta.id) for delta in deltas] == [True] + [False] * (len(deltas) - 1)
    assert list(deltas[-1].to_dict()) == ["expires_at"]


async def test_first_sentence_is_heard_before_the_answer_is_written(
    calls: Calls, writer: Writer
) -> None:
    writer.may_end.clear()
    chat, speech = await calls.resolve(Kind.CHAT, None), await calls.resolve(Kind.SPEECH, None)

    async with aclosing(speak_answer(calls, chat, BODY, Voice(speech, "en-us"))) as events:
        first = await anext(event async for event in events if isinstance(event, Spoken))

    assert first.pcm.decode("utf-16-le") == "H"
    assert writer.closed == 1


async def test_slow_first_sentence_is_still_heard_first(
    openai_client: AsyncOpenAI, speaker: Speaker
) -> None:
    speaker.first_waits.clear()
    request = asyncio.create_task(openai_client.chat.completions.create(stream=True, **ALOUD))
    await speaker.second_began.wait()
    speaker.first_waits.set()

    assert sound_of(await audio_deltas(await request)).startswith("Hello there.How")


async def test_client_that_reads_slowly_slows_the_models_down(
    calls: Calls, writer: Writer, speaker: Speaker
) -> None:
    writer.pieces = [f"This is sentence number {number}. " for number in range(1000)]
    chat, speech = await calls.resolve(Kind.CHAT, None), await calls.resolve(Kind.SPEECH, None)

    async with aclosing(speak_answer(calls, chat, BODY, Voice(speech, "en-us"))) as events:
        await anext(events)
        await speaker.second_began.wait()
        await run_other_tasks(turns=1000)

        assert len(speaker.sentences) < 100
        heard = b"".join([event.pcm async for event in events if isinstance(event, Spoken)])

    assert heard.decode("utf-16-le").endswith("This is sentence number 999.")


async def test_finish_reason_comes_after_the_last_sound(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/chat/completions", json={**ALOUD, "stream": True})
    events = [line.removeprefix("data: ") for line in answer.text.split("\n") if line]

    assert events[-1] == "[DONE]"
    choices = [json.loads(data)["choices"][0] for data in events[:-1]]
    assert [choice["finish_reason"] for choice in choices[:-1]] == [None] * (len(choices) - 1)
    assert choices[-1]["finish_reason"] == "stop"


@pytest.mark.parametrize(("form", "sound"), [("pcm16", ""), ("mp3", "mp3")])
async def test_whole_answer_has_text_and_sound(
    openai_client: AsyncOpenAI, form: str, sound: str
) -> None:
    wish: Any = {**ALOUD, "audio": {"voice": {"id": "alloy"}, "format": form}}

    answer = await openai_client.chat.completions.create(**wish)

    (choice,) = answer.choices
    assert choice.finish_reason == "stop"
    assert choice.message.content is None
    assert choice.message.audio
    assert choice.message.audio.transcript == "Hello there. How are you? Bye"
    heard = base64.b64decode(choice.message.audio.data)
    assert heard.startswith(sound.encode())
    assert heard[len(sound) :].decode("utf-16-le") == "Hello there.How are you?Bye"


async def test_speech_that_fails_at_once_is_an_error_that_names_the_model(
    http: httpx2.AsyncClient, speaker: Speaker, writer: Writer
) -> None:
    speaker.failure = ModelOverloadedError("Too much.", None, 1)

    answer = await http.post("/v1/chat/completions", json=ALOUD)

    assert answer.status_code == 429
    assert "speech model 'speaker'" in answer.json()["error"]["message"]
    assert writer.closed == 1


@pytest.mark.parametrize("who", ["writer", "speaker"])
async def test_unexpected_failure_names_the_model_but_not_the_cause(
    http: httpx2.AsyncClient, speaker: Speaker, writer: Writer, who: str
) -> None:
    {"writer": writer, "speaker": speaker}[who].failure = RuntimeError("secret cause")

    answer = await http.post("/v1/chat/completions", json=ALOUD)

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "model_error"
    assert f"model '{who}'" in answer.json()["error"]["message"]
    assert "secret" not in answer.text


async def test_failure_in_a_stream_is_its_last_event(
    http: httpx2.AsyncClient, writer: Writer
) -> None:
    writer.failure = ModelOverloadedError("Too much.", None, 1)

    answer = await http.post("/v1/chat/completions", json={**ALOUD, "stream": True})

    assert answer.status_code == 200
    error = json.loads(answer.text.strip().rpartition("data: ")[2])["error"]
    assert error["code"] == "model_overloaded"
    assert "chat model 'writer'" in error["message"]


async def test_client_that_leaves_ends_both_models(
    openai_client: AsyncOpenAI, writer: Writer, speaker: Speaker
) -> None:
    writer.may_end.clear()
    speaker.first_waits.clear()
    request = asyncio.create_task(openai_client.chat.completions.create(**ALOUD))
    await speaker.second_began.wait()
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)

    assert (writer.closed, speaker.closed) == (1, 2)


async def test_answer_without_words_has_no_sound(
    openai_client: AsyncOpenAI, writer: Writer, speaker: Speaker
) -> None:
    writer.pieces = ["🙂"]

    answer = await openai_client.chat.completions.create(**ALOUD)

    assert answer.choices[0].message.audio is None
    assert answer.choices[0].message.content == "🙂"
    assert speaker.sentences == []


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"audio": None}, "audio"),
        ({"modalities": ["text"]}, "audio"),
        ({"modalities": ["video"]}, "modalities[0]"),
        ({"audio": {"voice": "alloy", "format": "mp4"}}, "audio.format"),
        ({"audio": {"voice": "alloy", "format": "mp3"}, "stream": True}, "audio.format"),
        ({"audio": {"voice": "nobody", "format": "wav"}}, "audio.voice"),
        ({"audio": {"format": "wav"}}, "audio.voice"),
        ({"n": 2}, "n"),
    ],
)
async def test_wrong_wish_for_sound_is_refused_by_name(
    http: httpx2.AsyncClient, change: dict[str, Any], param: str
) -> None:
    answer = await http.post("/v1/chat/completions", json=ALOUD | change)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["param"] == param


async def test_unknown_speech_model_is_named(http: httpx2.AsyncClient) -> None:
    audio = {"voice": "alloy", "format": "wav", "model": "writer"}

    answer = await http.post("/v1/chat/completions", json={**ALOUD, "audio": audio})

    assert answer.status_code == 404
    assert answer.json()["error"]["param"] == "audio.model"
