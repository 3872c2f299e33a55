# pyright: standard
"""The engine on an untrained model: its text means nothing, what it says about it must be right."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from deployments.transcriptions.faster_whisper.engine import FasterWhisperEngine
from tests.engines.whisper import config
from tests.support.audio_files import encode, noise, silence, tone
from tests.support.tiny_whisper import make_tiny_whisper
from tests.support.waiting import run_other_tasks, until
from wire.bodies import TranscriptionBody
from wire.calls import Call, Operation, Usage
from wire.errors import APIError, InvalidRequestError

CLIP = encode(noise(2))
LONG = encode(noise(120))
"""At least four windows."""
SEGMENT_FIELDS = {
    "id",
    "seek",
    "start",
    "end",
    "text",
    "tokens",
    "temperature",
    "avg_logprob",
    "compression_ratio",
    "no_speech_prob",
}


@pytest.fixture(scope="module")
def tiny_whisper(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_tiny_whisper(tmp_path_factory.mktemp("whisper"))


@pytest.fixture
async def engine(tiny_whisper: str) -> AsyncIterator[FasterWhisperEngine]:
    engine = await FasterWhisperEngine.load(config(model=tiny_whisper))
    yield engine
    await engine.close()


def call(data: bytes, operation: Operation = Operation.TRANSCRIPTION, **body: Any) -> Call:
    return Call(operation, json.dumps(body).encode(), "req", files=(data,))


async def transcribed(engine: FasterWhisperEngine, data: bytes, **body: Any) -> dict[str, Any]:
    return json.loads((await engine.run(call(data, **body))).body)


async def test_clip_is_transcribed_with_every_field(engine: FasterWhisperEngine) -> None:
    reply = await engine.run(call(CLIP, word_timestamps=True))
    said = json.loads(reply.body)

    assert said["text"]
    assert said["text"] == "".join(one["text"] for one in said["segments"]).strip()
    assert said["language"] == "en"
    assert said["duration"] == 2
    assert all(set(one) == SEGMENT_FIELDS for one in said["segments"])
    assert [one["id"] for one in said["segments"]] == list(range(len(said["segments"])))
    times = [time for one in said["segments"] for time in (one["start"], one["end"])]
    assert all(0 <= time <= 2 for time in times)
    assert said["words"]
    assert all({"word", "start", "end"} <= set(word) for word in said["words"])
    tokens = sum(len(one["tokens"]) for one in said["segments"])
    assert reply.usage == Usage(completion_tokens=tokens, audio_seconds=2)


async def test_same_clip_is_transcribed_alike(engine: FasterWhisperEngine) -> None:
    answers = await asyncio.gather(*(transcribed(engine, CLIP) for _ in range(6)))

    assert all(answer == answers[0] for answer in answers)
    assert "words" not in answers[0]["segments"][0]


async def test_requests_that_share_passes_are_answered_as_if_alone(tiny_whisper: str) -> None:
    alone = await FasterWhisperEngine.load(config(model=tiny_whisper))
    together = await FasterWhisperEngine.load(config(model=tiny_whisper, max_batch_size=4))
    files = [encode(noise(seconds)) for seconds in (1, 35, 2, 2, 33, 1, 4)]
    words = {"word_timestamps": True, "prompt": "Ada"}

    expected = [await transcribed(alone, file, **words) for file in files]
    answers = await asyncio.gather(*(transcribed(together, file, **words) for file in files))

    assert [answer["text"] for answer in answers] == [answer["text"] for answer in expected]
    assert [answer["words"] for answer in answers] == [answer["words"] for answer in expected]
    await together.close()
    await alone.close()


async def test_stream_yields_segments_the_whole_and_the_usage(engine: FasterWhisperEngine) -> None:
    whole = await transcribed(engine, CLIP)

    pieces = [piece async for piece in engine.stream(call(CLIP))]

    *segments, end = [json.loads(piece) for piece in pieces[:-1] if isinstance(piece, bytes)]
    assert [one["text"] for one in segments] == [one["text"] for one in whole["segments"]]
    assert end["text"] == whole["text"]
    assert end["duration"] == 2
    assert isinstance(pieces[-1], Usage)


@pytest.mark.parametrize("data", [encode(silence(3)), encode(tone(3)), encode(noise(40))])
async def test_what_is_no_speech_has_no_text(engine: FasterWhisperEngine, data: bytes) -> None:
    said = await transcribed(engine, data, vad_filter=True)

    assert said["text"] == ""
    assert said["segments"] == said["words"] == []


async def test_hundredth_of_a_second_is_transcribed(engine: FasterWhisperEngine) -> None:
    said = await transcribed(engine, encode(noise(0.01)), word_timestamps=True)

    assert said["duration"] == 0.01
    assert all(one["end"] <= 0.01 for one in said["segments"])


async def test_long_audio_is_transcribed_in_parts_of_one_time(
    engine: FasterWhisperEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.transcriptions.parts.PART_SECONDS", 20)
    monkeypatch.setattr("deployments.transcriptions.parts.SEARCH_SECONDS", 5)

    said = await transcribed(engine, encode(noise(50)))

    starts = [one["start"] for one in said["segments"]]
    assert starts == sorted(starts)
    assert max(starts) > 20
    assert [one["id"] for one in said["segments"]] == list(range(len(starts)))


async def test_prompt_is_read_and_counted(engine: FasterWhisperEngine) -> None:
    said = await transcribed(engine, CLIP, prompt="Ada", keywords=["Zorvak"])

    assert said["prompt_tokens"] == 3


async def test_prompt_counts_as_far_as_it_is_read(engine: FasterWhisperEngine) -> None:
    said = await transcribed(engine, CLIP, prompt="word " * 2000)

    assert said["prompt_tokens"] == 223


async def test_long_prompt_and_keywords_leave_room_for_text(engine: FasterWhisperEngine) -> None:
    said = await transcribed(engine, CLIP, prompt="word " * 2000, keywords=["zorvak" * 30] * 50)

    assert said["duration"] == 2


async def test_english_model_refuses_another_language(engine: FasterWhisperEngine) -> None:
    with pytest.raises(InvalidRequestError, match=r"does not know 'de'\. Allowed: en") as raised:
        await engine.run(call(CLIP, language="de"))

    assert raised.value.param == "language"


async def test_english_models_translation_is_its_transcript(engine: FasterWhisperEngine) -> None:
    said = await transcribed(engine, CLIP, task="translate")

    assert said["task"] == "translate"
    assert said["text"] == (await transcribed(engine, CLIP))["text"]


@pytest.mark.parametrize("operation", [Operation.TRANSCRIPTION, Operation.VAD])
async def test_bad_file_is_the_clients_fault(
    engine: FasterWhisperEngine, operation: Operation
) -> None:
    with pytest.raises(APIError) as raised:
        await engine.run(call(b"no audio", operation))

    assert raised.value.status == 400


async def test_stream_of_a_bad_file_fails_before_its_first_piece(
    engine: FasterWhisperEngine,
) -> None:
    with pytest.raises(InvalidRequestError):
        await anext(engine.stream(call(b"no audio")))


class Windows:
    """Counts the windows that the model is given, and holds the work up in one of them."""

    def __init__(self, engine: FasterWhisperEngine, held: int) -> None:
        self.num = 0
        self.go_on = threading.Event()
        self._held = held
        self._encode = engine.model.encode
        engine.model.encode = self.encode

    def encode(self, features: Any) -> Any:
        self.num += 1
        if self.num == self._held:
            self.go_on.wait(30)
        return self._encode(features)


async def until_ended(engine: FasterWhisperEngine) -> None:
    """Wait until the threads have ended and the engine has counted that."""
    await until(lambda: engine.num_unfinished() == 0)


async def test_client_that_leaves_a_stream_ends_its_work(engine: FasterWhisperEngine) -> None:
    windows = Windows(engine, held=2)
    async with aclosing(engine.stream(call(LONG))) as pieces:
        await anext(pieces)

    windows.go_on.set()

    await until_ended(engine)
    assert windows.num <= 2


async def test_closed_stream_has_told_its_work_to_end(
    engine: FasterWhisperEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[threading.Event] = []
    pieces_of = engine.pieces

    def pieces(body: TranscriptionBody, call: Call, cancelled: threading.Event) -> Any:
        told.append(cancelled)
        return pieces_of(body, call, cancelled)

    monkeypatch.setattr(engine, "pieces", pieces)
    async with aclosing(engine.stream(call(LONG))) as stream:
        await anext(stream)

    assert told[0].is_set()


async def test_clients_that_leave_end_their_work(engine: FasterWhisperEngine) -> None:
    windows = Windows(engine, held=1)
    requests = [asyncio.create_task(engine.run(call(LONG))) for _ in range(4)]
    await run_other_tasks()
    assert engine.num_unfinished() == 4

    for request in requests:
        request.cancel()
    await asyncio.gather(*requests, return_exceptions=True)
    windows.go_on.set()

    await until_ended(engine)
    assert windows.num <= 2


async def test_silence_has_no_voice(engine: FasterWhisperEngine) -> None:
    reply = await engine.run(call(encode(silence(1)), Operation.VAD))

    assert json.loads(reply.body) == {"segments": []}
    assert reply.usage == Usage(audio_seconds=1)


async def test_samples_are_detected_without_a_container(engine: FasterWhisperEngine) -> None:
    reply = await engine.run(call(noise(1).tobytes(), Operation.VAD, encoding="f32le"))

    assert reply.usage == Usage(audio_seconds=1)
