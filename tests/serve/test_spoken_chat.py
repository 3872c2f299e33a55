"""Speech after chat and before it, with the real models."""

import base64
import io
from collections.abc import Callable
from typing import Any

import av
import httpx2
import pytest
from openai import OpenAI

from tests.support.server import Server
from tests.support.waiting import wait_until

QUESTION: Any = [{"role": "user", "content": "What is the capital of France?"}]
ANSWER = "The capital of France is Paris."
ALOUD: Any = {"model": "gpt-4o", "messages": QUESTION, "modalities": ["text", "audio"]}
PCM_BYTES_PER_S = 48_000


def seconds(audio: bytes) -> float:
    """Decode a file and return how long it is."""
    with av.open(io.BytesIO(audio), "r") as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))


def test_streamed_answer_can_be_read_and_heard(client: OpenAI) -> None:
    stream = client.chat.completions.create(
        **ALOUD, audio={"voice": "alloy", "format": "pcm16"}, stream=True
    )
    transcript, pcm, finish = "", b"", []
    for piece in stream:
        for choice in piece.choices:
            finish += [choice.finish_reason] if choice.finish_reason else []
            if choice.delta.audio:
                assert not finish, "sound after the end"
                transcript += choice.delta.audio.transcript or ""
                pcm += base64.b64decode(choice.delta.audio.data or "")

    assert transcript == ANSWER
    assert finish == ["stop"]
    assert 1 < len(pcm) / PCM_BYTES_PER_S < 5
    assert max(pcm[1::2]) > 0, "silence"


@pytest.mark.parametrize("form", ["wav", "mp3", "aac", "flac", "opus"])
def test_whole_answer_is_a_file_of_the_asked_format(client: OpenAI, form: Any) -> None:
    answer = client.chat.completions.create(**ALOUD, audio={"voice": "nova", "format": form})

    (choice,) = answer.choices
    assert choice.message.audio
    assert choice.message.audio.transcript == ANSWER
    assert 1 < seconds(base64.b64decode(choice.message.audio.data)) < 5
    assert answer.usage
    assert answer.usage.completion_tokens > 5


def test_what_is_said_is_answered(client: OpenAI) -> None:
    spoken = client.audio.speech.create(
        model="tts-1", voice="alloy", input="Good morning.", response_format="wav"
    )
    data = base64.b64encode(spoken.read()).decode()
    content: Any = [{"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}]

    answer = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": content}]
    )

    written = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "Good morning."}]
    )
    assert answer.choices[0].message.content == written.choices[0].message.content


def test_client_that_leaves_a_spoken_answer_stops_both_engines(
    server: Server, replica_load: Callable[[str], dict[str, int]]
) -> None:
    body = {
        **ALOUD,
        "messages": [{"role": "user", "content": "Count from one to twenty in words."}],
        "audio": {"voice": "alloy", "format": "pcm16"},
        "stream": True,
        "max_tokens": 900,
        "ignore_eos": True,
    }
    url = f"{server.url}/v1/chat/completions"
    with httpx2.stream("POST", url, json=body, timeout=30) as answer:
        next(line for line in answer.iter_lines() if '"data":' in line)

    for kind in ("chat", "speech"):
        wait_until(
            lambda kind=kind: replica_load(kind) == {"held": 0, "unfinished": 0},
            5,
            f"{kind} works on for a client that left",
        )


def test_recording_that_is_none_is_refused_by_its_place(server: Server) -> None:
    data = base64.b64encode(b"This is no audio at all, but text.").decode()
    content = [{"type": "input_audio", "input_audio": {"data": data, "format": "mp3"}}]

    answer = httpx2.post(
        f"{server.url}/v1/chat/completions",
        json={"messages": [{"role": "user", "content": content}]},
        timeout=30,
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "messages[0].content[0].input_audio"
