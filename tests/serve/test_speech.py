"""Speech by the embedded voices, through the whole server and the unchanged SDKs."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from elevenlabs import ElevenLabs
from openai import BadRequestError, OpenAI

from tests.support.decoded_audio import hear, hear_pcm, pitch
from tests.support.server import Server
from tests.support.waiting import wait_until

TEXT = "The quick brown fox jumps over the lazy dog. " * 12
RACHEL = "21m00Tcm4TlvDq8ikWAM"


@pytest.mark.parametrize("response_format", ["mp3", "opus", "aac", "flac", "wav"])
def test_every_format_decodes_to_the_length_of_its_samples(
    client: OpenAI, response_format: Any
) -> None:
    def speak(form: Any) -> bytes:
        answer = client.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, response_format=form
        )
        return answer.content

    samples = hear_pcm(speak("pcm"))
    file = hear(speak(response_format))

    assert file.seconds == pytest.approx(samples.seconds, abs=0.1)
    assert file.loudness == pytest.approx(samples.loudness, rel=0.15)


def test_audio_leaves_in_pieces(client: OpenAI) -> None:
    request = client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="nova", input=TEXT * 10, response_format="pcm"
    )
    with request as answer:
        assert "content-length" not in answer.headers
        pieces = list(answer.iter_bytes())

    assert len(pieces) > 5


def test_voices_differ(client: OpenAI) -> None:
    pitches = {
        name: pitch(
            hear_pcm(
                client.audio.speech.create(
                    model="tts-1", voice=name, input=TEXT[:90], response_format="pcm"
                ).content
            )
        )
        for name in ("onyx", "coral")
    }

    assert pitches["coral"] > 1.5 * pitches["onyx"]


def test_localais_request_gets_a_wav_with_its_length(server: Server) -> None:
    body = {"model": "voice-en-us-amy-low", "input": TEXT, "backend": "espeak-ng"}

    answer = httpx2.post(f"{server.url}/tts", json=body, timeout=30)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/x-wav"
    assert int.from_bytes(answer.content[40:44], "little") == len(answer.content) - 44


def test_elevenlabs_sdk_speaks_and_lists(server: Server) -> None:
    eleven = ElevenLabs(base_url=server.url, api_key="none")

    audio = b"".join(eleven.text_to_speech.convert(RACHEL, text="Good morning."))
    streamed = b"".join(
        eleven.text_to_speech.stream(
            RACHEL, text="Guten Morgen.", output_format="mp3_22050_32", language_code="de"
        )
    )
    timed = eleven.text_to_speech.convert_with_timestamps(RACHEL, text="Good morning.")
    parts = list(eleven.text_to_speech.stream_with_timestamps(RACHEL, text=TEXT))
    voices = eleven.voices.get_all().voices

    assert hear(audio).rate == 44_100
    assert hear(streamed).rate == 22_050
    assert timed.alignment
    assert "".join(timed.alignment.characters) == "Good morning."
    spoken = [c for part in parts if part.alignment for c in part.alignment.characters]
    assert "".join(spoken) == TEXT
    assert len(voices) > 100


def test_client_that_leaves_stops_the_voice(
    server: Server, replica_load: Callable[[str], dict[str, int]]
) -> None:
    body = {"input": TEXT * 180, "response_format": "flac"}
    url = f"{server.url}/v1/audio/speech"
    with httpx2.stream("POST", url, json=body, timeout=30) as answer:
        next(answer.iter_raw())

    wait_until(lambda: replica_load("speech") == {"held": 0, "unfinished": 0}, 5)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"input": "a" * 1_000_000}, "takes up to 100000"),
        ({"voice": "nobody"}, "Allowed: alloy, ash"),
    ],
)
def test_what_cannot_be_spoken_is_refused(
    client: OpenAI, fields: dict[str, Any], says: str
) -> None:
    arguments: Any = {"model": "tts-1", "voice": "alloy", "input": "Hello", **fields}

    with pytest.raises(BadRequestError, match=says):
        client.audio.speech.create(**arguments)
