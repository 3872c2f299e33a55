import base64
import json
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from tests.api.spoken import VOICE_CARD, spoken_script
from tests.support.scripted_model import ScriptedModel
from wire.card import ModelCard
from wire.errors import InvalidRequestError
from wire.openai.speech import SpeechRequest


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (VOICE_CARD,)


@pytest.fixture
def model(model: ScriptedModel) -> ScriptedModel:
    model.script = [*spoken_script()]
    return model


@pytest.mark.parametrize(
    ("response_format", "media_type"),
    [
        ("mp3", "audio/mpeg"),
        ("opus", "audio/opus"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
        ("pcm", "audio/pcm; rate=24000; channels=1"),
    ],
)
async def test_sdk_gets_the_bytes_and_their_type(
    openai_client: AsyncOpenAI, model: ScriptedModel, response_format: Any, media_type: str
) -> None:
    answer = await openai_client.audio.speech.create(
        model="tts-1", voice="alloy", input="Hello", response_format=response_format, speed=1.5
    )

    assert answer.content == b"ID3more"
    assert answer.response.headers["content-type"] == media_type
    assert model.asked["voice"] == "ana"
    assert model.asked["response_format"] == response_format
    assert model.asked["speed"] == 1.5


async def test_format_is_mp3_where_none_is_named(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    answer = await http.post("/audio/speech", json={"input": "Hello"})

    assert answer.headers["content-type"] == "audio/mpeg"
    assert model.asked["response_format"] == "mp3"
    assert model.asked["voice"] == "ana"


async def test_null_is_as_if_left_out(http: httpx2.AsyncClient, model: ScriptedModel) -> None:
    nulls = dict.fromkeys(SpeechRequest.model_fields)

    answer = await http.post("/v1/audio/speech", json={**nulls, "input": "Hello"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/mpeg"
    assert (model.asked["speed"], model.asked["sample_rate"]) == (1, 24_000)


async def test_seed_reaches_the_model(openai_client: AsyncOpenAI, model: ScriptedModel) -> None:
    await openai_client.audio.speech.create(
        model="tts-1", voice="alloy", input="Hello", extra_body={"seed": 7}
    )

    assert model.asked["seed"] == 7


async def test_sdk_streams_the_response(openai_client: AsyncOpenAI) -> None:
    speech = openai_client.audio.speech.with_streaming_response

    async with speech.create(model="tts-1", voice="alloy", input="Hello") as answer:
        pieces = [piece async for piece in answer.iter_bytes()]

    assert b"".join(pieces) == b"ID3more"


async def test_sdk_that_streams_the_response_gets_a_readable_refusal(
    openai_client: AsyncOpenAI,
) -> None:
    speech = openai_client.audio.speech.with_streaming_response

    with pytest.raises(openai.BadRequestError, match=r"has no voice 'nobody'\. Allowed: ana, bo"):
        async with speech.create(model="tts-1", voice="nobody", input="Hello"):
            pass


async def test_custom_voice_object_is_read(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    await openai_client.audio.speech.create(
        model="tts-1", voice={"id": "bo"}, input="Hello", instructions="Cheerfully."
    )

    assert model.asked["voice"] == "bo"


async def test_events_carry_the_audio_and_end_with_the_usage(http: httpx2.AsyncClient) -> None:
    answer = await http.post("/v1/audio/speech", json={"input": "Hello", "stream_format": "sse"})

    assert answer.headers["content-type"].startswith("text/event-stream")
    lines = answer.text.strip().split("\n\n")
    *deltas, done = [json.loads(line.removeprefix("data: ")) for line in lines]
    assert {delta["type"] for delta in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(delta["audio"]) for delta in deltas) == b"ID3more"
    assert done["type"] == "speech.audio.done"
    assert done["usage"] == {
        "input_tokens": 0,
        "output_tokens": 0,
        "total_tokens": 0,
        "characters": 5,
        "audio_seconds": 1.5,
    }


@pytest.mark.parametrize("path", ["/tts", "/v1/tts"])
async def test_localais_path_answers_with_a_finished_wav(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str
) -> None:
    body = {"model": "tts-1", "input": "Hello", "backend": "espeak-ng", "language": "de-DE"}

    answer = await http.post(path, json=body)

    assert answer.headers["content-type"] == "audio/x-wav"
    assert "speech.wav" in answer.headers["content-disposition"]
    assert model.asked["response_format"] == "wav"
    assert model.asked["whole"] is True
    assert model.asked["language"] == "de"


@pytest.mark.parametrize(
    ("change", "param", "says"),
    [
        ({"input": ""}, "input", "no text to speak"),
        ({"input": " \n"}, "input", "no text to speak"),
        ({"input": 5}, "input", "string"),
        ({"input": None}, "input", "string"),
        ({"voice": 5}, "voice", "string"),
        ({"voice": "x"}, "voice", "Allowed: ana, bo"),
        ({"voice": ["alloy"]}, "voice", "string"),
        ({"voice": {"name": "alloy"}}, "voice", "id"),
        ({"response_format": "mp4"}, "response_format", "'mp3', 'opus', 'aac', 'flac', 'wav'"),
        ({"response_format": {"type": []}}, "response_format", "'mp3'"),
        ({"response_format": 7}, "response_format", "'mp3'"),
        ({"speed": "fast"}, "speed", "number"),
        ({"speed": 0.1}, "speed", "0.25"),
        ({"speed": 4.5}, "speed", "4"),
        ({"speed": -1}, "speed", "0.25"),
        ({"speed": 0}, "speed", "0.25"),
        ({"stream_format": "ws"}, "stream_format", "'audio' or 'sse'"),
        ({"sample_rate": 12345}, "sample_rate", "24000"),
        ({"language": "tlh"}, "language", "Allowed: en-us, de"),
        ({"seed": -1}, "seed", "0"),
        ({"seed": 2**32}, "seed", "4294967295"),
        ({"seed": "x"}, "seed", "integer"),
        ({"backend": "coqui"}, "backend", "espeak-ng"),
        ({"messages": [{}]}, "messages", "/v1/chat/completions"),
        ({"size": "512x512"}, "size", "/v1/images"),
    ],
)
async def test_wrong_field_is_named(
    http: httpx2.AsyncClient, change: dict[str, Any], param: str, says: str
) -> None:
    answer = await http.post("/v1/audio/speech", json={"input": "Hello"} | change)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["param"] or "").split(".")[0] == param
    assert says in error["message"]


@pytest.mark.parametrize("speed", [0.25, 1, 4])
async def test_speed_within_the_limits_is_taken(http: httpx2.AsyncClient, speed: float) -> None:
    answer = await http.post("/v1/audio/speech", json={"input": "Hello", "speed": speed})

    assert answer.status_code == 200


@pytest.mark.parametrize("body", [b'{"input": "\\ud800"}', b'{"input": NaN}', b"[]", b"\xff", b""])
async def test_broken_body_is_refused(http: httpx2.AsyncClient, body: bytes) -> None:
    headers = {"content-type": "application/json"}

    answer = await http.post("/v1/audio/speech", content=body, headers=headers)

    assert answer.status_code == 400


async def test_refusal_of_the_model_is_an_http_error(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [InvalidRequestError("'input' is too long.", "input")]

    with pytest.raises(openai.BadRequestError, match="too long"):
        await openai_client.audio.speech.create(model="tts-1", voice="alloy", input="Hello")


async def test_failure_amid_the_audio_is_the_last_event(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b"ID3", RuntimeError("secret")]

    answer = await http.post("/v1/audio/speech", json={"input": "Hello", "stream_format": "sse"})

    assert '"error"' in answer.text
    assert "secret" not in answer.text
    assert "speech.audio.done" not in answer.text


async def test_model_list_stays_small(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/v1/models/voice")

    assert "voices" not in answer.json()


@pytest.mark.parametrize("path", ["/v1/audio/speech", "/tts", "/v1/text-to-speech/bo"])
@pytest.mark.parametrize("language", ["DE", "de-AT", "de_CH", "deu", "ger", "German", "GERMAN"])
async def test_language_is_taken_by_every_name(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str, language: str
) -> None:
    answer = await http.post(path, json={"input": "Hallo", "language": language, "voice": "bo"})

    assert answer.status_code == 200
    assert model.asked["language"] == "de"
