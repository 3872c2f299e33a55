"""Transcriptions on the real server: of the embedded voice, in every form, and of what is none."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import numpy as np
import pytest
from elevenlabs import ElevenLabs
from openai import BadRequestError, OpenAI

from tests.support.audio_files import encode, noise, nothing, silence
from tests.support.server import Server
from tests.support.waiting import wait_until

TEXT = "Please close the window before the rain begins. My brother lives near the river."
NOISE = encode(noise(2))


@pytest.fixture(scope="module")
def spoken(server: Server) -> bytes:
    """Return a recording of the embedded voice."""
    speech = server.client.audio.speech.create(model="tts-1", voice="alloy", input=TEXT)
    return speech.content


def test_spoken_sentence_is_transcribed_with_times(client: OpenAI, spoken: bytes) -> None:
    said = client.audio.transcriptions.create(
        model="whisper-1",
        file=("speech.mp3", spoken),
        response_format="verbose_json",
        timestamp_granularities=["word", "segment"],
    )

    assert 2 < said.duration < 10
    assert said.language == "english"
    assert said.text == TEXT
    assert said.segments is not None
    assert said.words is not None
    assert [word.word for word in said.words] == TEXT.split()
    assert said.text == "".join(segment.text for segment in said.segments).strip()
    assert all(segment.end <= said.duration for segment in said.segments)


def test_voice_is_detected_where_it_is(server: Server, spoken: bytes) -> None:
    answer = httpx2.post(
        f"{server.url}/vad",
        files={"file": ("a.mp3", spoken)},
        data={"model": "silero-vad"},
        timeout=30,
    )

    segments = answer.json()["segments"]
    assert segments
    assert all(0 <= segment["start"] < segment["end"] < 10 for segment in segments)


def test_voice_is_not_detected_in_silent_samples(server: Server) -> None:
    answer = httpx2.post(f"{server.url}/v1/vad", json={"audio": [0.0] * 16_000}, timeout=30)

    assert answer.json() == {"segments": []}


@pytest.mark.parametrize("data", [encode(silence(2)), NOISE], ids=["silence", "noise"])
def test_what_is_no_speech_has_no_text(client: OpenAI, data: bytes) -> None:
    said = client.audio.transcriptions.create(model="whisper-1", file=("a.wav", data))

    assert said.text == ""


def test_stream_adds_up_to_its_end(client: OpenAI, spoken: bytes) -> None:
    events = list(
        client.audio.transcriptions.create(
            model="gpt-4o-transcribe", file=("a.mp3", spoken), stream=True
        )
    )

    *deltas, done = events
    assert done.type == "transcript.text.done"
    assert done.text == "".join(e.delta for e in deltas if e.type == "transcript.text.delta")
    assert done.usage is not None
    assert done.usage.input_tokens > 100


@pytest.mark.parametrize(
    ("form", "begins"), [("srt", "1\n00:00:"), ("vtt", "WEBVTT\n\n00:00:"), ("lrc", "[00:")]
)
def test_subtitles_have_times(server: Server, spoken: bytes, form: str, begins: str) -> None:
    answer = httpx2.post(
        f"{server.url}/v1/audio/transcriptions",
        files={"file": ("a.mp3", spoken)},
        data={"response_format": form},
        timeout=30,
    )

    assert answer.status_code == 200
    assert answer.text.startswith(begins)
    assert "near the river." in answer.text


def test_sound_of_a_video_is_heard(client: OpenAI) -> None:
    video = encode(noise(1, 44_100), 44_100, "mp4", "aac", video=True)

    said = client.audio.transcriptions.create(
        model="whisper-1", file=("a.mp4", video), response_format="verbose_json"
    )

    assert said.duration == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"not audio", "not audio"),
        (NOISE[:20], "not audio"),
        (encode(nothing(), container="mp4", video=True), "no audio"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", "not audio"),
    ],
)
def test_what_is_no_audio_is_the_clients_fault(client: OpenAI, data: bytes, says: str) -> None:
    with pytest.raises(BadRequestError, match=says):
        client.audio.transcriptions.create(model="whisper-1", file=("a.wav", data))


def test_elevenlabs_sdk_is_answered(server: Server, spoken: bytes) -> None:
    eleven = ElevenLabs(base_url=server.url, api_key="none")

    said: Any = eleven.speech_to_text.convert(model_id="scribe_v1", file=("a.mp3", spoken))

    assert said.language_code == "en"
    assert said.text == TEXT


def test_many_clips_at_once_are_all_answered(client: OpenAI, spoken: bytes) -> None:
    def transcribe(_: int) -> str:
        said = client.audio.transcriptions.create(model="whisper-1", file=("a.mp3", spoken))
        return said.text

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(transcribe, range(16))) == {TEXT}


def test_client_that_leaves_ends_its_work(
    server: Server, replica_load: Callable[..., dict[str, int]]
) -> None:
    speech = server.client.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="pcm"
    )
    said = np.tile(np.frombuffer(speech.content, np.int16), 100)[None, :]
    files = {"file": ("a.wav", encode(np.divide(said, 32768, dtype=np.float32), 24_000))}
    form = {"stream": "true"}
    with httpx2.stream(
        "POST", f"{server.url}/v1/audio/transcriptions", data=form, files=files, timeout=60
    ) as answer:
        assert next(answer.iter_lines())

    wait_until(
        lambda: replica_load("transcriptions") == {"held": 0, "unfinished": 0},
        20,
        json.dumps(replica_load("transcriptions")),
    )
