import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import httpx2
import pytest
from elevenlabs import AsyncElevenLabs, VoiceSettings
from elevenlabs.core.api_error import ApiError

from tests.api.conftest import CreateApi
from tests.api.spoken import VOICE_CARD, spoken_script
from tests.support.scripted_model import ScriptedModel
from wire.calls import Operation, Usage
from wire.card import ModelCard
from wire.elevenlabs.text_to_speech import TextToSpeechRequest
from wire.elevenlabs.text_to_speech import VoiceSettings as VoiceSettingsOfWire


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (VOICE_CARD,)


@pytest.fixture
def model(model: ScriptedModel) -> ScriptedModel:
    model.script = [*spoken_script()]
    return model


@pytest.fixture
async def eleven(create: CreateApi) -> AsyncIterator[AsyncElevenLabs]:
    """ElevenLabs' SDK, unchanged, on a server that wants a key."""
    api = create(frozenset({"sk-right"}))
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    async with api.router.lifespan_context(api), httpx.AsyncClient(transport=transport) as client:
        yield AsyncElevenLabs(base_url="http://test", api_key="sk-right", httpx_client=client)


async def test_elevenlabs_sdk_converts(eleven: AsyncElevenLabs, model: ScriptedModel) -> None:
    audio = eleven.text_to_speech.convert("21m00Tcm4TlvDq8ikWAM", text="Hello", model_id="tts-1")

    assert b"".join([piece async for piece in audio]) == b"ID3more"
    asked = model.asked
    assert asked["voice"] == "bo"
    assert (asked["response_format"], asked["sample_rate"]) == ("mp3", 44_100)
    assert asked["bit_rate"] == 128_000


async def test_elevenlabs_sdk_streams_with_settings(
    eleven: AsyncElevenLabs, model: ScriptedModel
) -> None:
    settings = VoiceSettings(stability=0.3, similarity_boost=0.5, style=0, speed=1.2)
    audio = eleven.text_to_speech.stream(
        "ana",
        text="Hello",
        output_format="pcm_16000",
        voice_settings=settings,
        language_code="de",
        seed=7,
        previous_text="Before.",
        enable_logging=False,
        optimize_streaming_latency=3,
    )

    assert b"".join([piece async for piece in audio]) == b"ID3more"
    asked = model.asked
    assert (asked["response_format"], asked["sample_rate"]) == ("pcm", 16_000)
    assert (asked["speed"], asked["language"], asked["seed"]) == (1.2, "de", 7)


def line(audio: bytes, text: str, start: float) -> bytes:
    times = [start + index for index in range(len(text))]
    alignment = {
        "characters": list(text),
        "character_start_times_seconds": times,
        "character_end_times_seconds": [time + 1 for time in times],
    }
    encoded = base64.b64encode(audio).decode()
    return json.dumps({"audio_base64": encoded, "alignment": alignment}).encode() + b"\n"


async def test_elevenlabs_sdk_gets_timestamps_whole(
    eleven: AsyncElevenLabs, model: ScriptedModel
) -> None:
    model.script = [line(b"abcd", "He", 0), line(b"e", "y", 2), Usage(characters=3)]

    answer = await eleven.text_to_speech.convert_with_timestamps("ana", text="Hey")

    assert base64.b64decode(answer.audio_base_64) == b"abcde"
    assert answer.alignment
    assert answer.alignment.characters == ["H", "e", "y"]
    assert answer.alignment.character_end_times_seconds == [1, 2, 3]
    assert model.calls[-1].operation == Operation.SPEECH_WITH_TIMESTAMPS


async def test_elevenlabs_sdk_gets_timestamps_as_they_come(
    eleven: AsyncElevenLabs, model: ScriptedModel
) -> None:
    model.script = [line(b"abcd", "He", 0), line(b"e", "y", 2), Usage(characters=3)]

    parts = [part async for part in eleven.text_to_speech.stream_with_timestamps("ana", text="Hey")]

    assert [base64.b64decode(part.audio_base_64) for part in parts] == [b"abcd", b"e"]
    assert parts[1].alignment
    assert parts[1].alignment.characters == ["y"]


@pytest.mark.parametrize(
    ("voice", "fields", "says"),
    [
        ("nobody", {}, "no voice 'nobody'"),
        ("ana", {"text": ""}, "no text to speak"),
        ("ana", {"output_format": "mp3_1_2"}, "mp3_44100_128"),
        ("ana", {"language_code": "tlh"}, "language_code"),
        ("ana", {"voice_settings": VoiceSettings(stability=2)}, "voice_settings.stability"),
        ("ana", {"voice_settings": VoiceSettings(speed=9)}, "voice_settings.speed"),
        ("ana", {"seed": -1}, "seed"),
        ("ana", {"apply_text_normalization": "off"}, "apply_text_normalization"),
        ("ana", {"apply_language_text_normalization": True}, "apply_language_text_normalization"),
        ("ana", {"pronunciation_dictionary_locators": [{}]}, "pronunciation_dictionary_locators"),
        ("ana", {"optimize_streaming_latency": 9}, "optimize_streaming_latency"),
    ],
)
async def test_elevenlabs_sdk_gets_a_readable_refusal(
    eleven: AsyncElevenLabs, voice: str, fields: dict[str, Any], says: str
) -> None:
    arguments: dict[str, Any] = {"text": "Hello", **fields}
    with pytest.raises(ApiError) as raised:
        async for _ in eleven.text_to_speech.convert(voice, **arguments):
            pass

    assert raised.value.status_code == 400
    detail = raised.value.body["detail"]
    assert says in detail["message"]
    assert detail["status"] == "invalid_request_error"
    assert raised.value.body["error"]["message"] == detail["message"]


async def test_elevenlabs_sdk_lists_the_models_that_speak(eleven: AsyncElevenLabs) -> None:
    (voice,) = await eleven.models.list()

    assert (voice.model_id, voice.can_do_text_to_speech) == ("voice", True)
    assert voice.languages is not None
    names = [(one.language_id, one.name) for one in voice.languages]
    assert names == [("en-us", "English"), ("de", "German")]


@pytest.mark.parametrize("path", ["/v1/voices/nobody", "/v2/voices?next_page_token=x"])
async def test_elevenlabs_paths_have_its_error(http: httpx2.AsyncClient, path: str) -> None:
    answer = (await http.get(path)).json()

    assert answer["detail"]["message"] == answer["error"]["message"]


@pytest.mark.parametrize("seed", [None, 0])
@pytest.mark.parametrize("path", ["/v1/audio/speech", "/tts", "/v1/text-to-speech/ana"])
async def test_missing_seed_is_the_default_one(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str, seed: int | None
) -> None:
    await http.post(path, json={"input": "Hello", "seed": seed})

    assert model.asked.get("seed", 0) == 0


async def test_localais_body_is_read_at_elevenlabs_path(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    body = {"model": "tts-1", "input": "Hello", "voice": "alloy", "backend": "espeak-ng"}

    answer = await http.post("/v1/text-to-speech/alloy", json=body)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/mpeg"
    assert (model.asked["input"], model.asked["voice"]) == ("Hello", "ana")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"text": "a", "input": "b"}, "'input' and 'text' mean the same"),
        ({"text": "a", "model": "x", "model_id": "y"}, "'model_id' and 'model'"),
        ({"text": "a", "voice": "bo"}, "not the voice of the path"),
        ({}, "Missing required parameter: 'text'"),
        ({"text": "a", "backend": "coqui"}, "espeak-ng"),
        ({"text": "a", "voice_settings": 3}, "voice_settings"),
        ([], "Invalid request body"),
    ],
)
async def test_contradiction_is_refused(http: httpx2.AsyncClient, body: Any, says: str) -> None:
    answer = await http.post("/text-to-speech/alloy", json=body)

    assert answer.status_code == 400
    assert says in answer.json()["error"]["message"]


async def test_elevenlabs_sdk_lists_and_finds_voices(eleven: AsyncElevenLabs) -> None:
    listed = (await eleven.voices.get_all()).voices
    found = await eleven.voices.search(page_size=1)
    rest = await eleven.voices.search(page_size=1, next_page_token=found.next_page_token)
    german = await eleven.voices.search(search="21m00", gender="male", language="de")
    one = await eleven.voices.get("21m00Tcm4TlvDq8ikWAM")
    settings = await eleven.voices.settings.get("ana")

    assert [voice.voice_id for voice in listed] == ["ana", "bo"]
    assert listed[0].name == "Ana"
    assert listed[0].labels == {
        "language": "en-us",
        "gender": "female",
        "model": "voice",
        "engine": "espeak-ng",
    }
    assert (found.has_more, found.total_count, rest.has_more) == (True, 2, False)
    assert [voice.voice_id for voice in rest.voices] == ["bo"]
    assert [voice.voice_id for voice in german.voices] == ["bo"]
    assert one.voice_id == "bo"
    assert settings.speed == 1


@pytest.mark.parametrize("language", ["de", "deu", "German", "DE"])
async def test_voices_are_found_by_every_name_of_their_language(
    eleven: AsyncElevenLabs, language: str
) -> None:
    found = await eleven.voices.search(language=language)

    assert [voice.voice_id for voice in found.voices] == ["bo"]


async def test_unknown_voice_is_not_found(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/v1/voices/nobody")

    assert answer.status_code == 404
    assert "GET /v1/voices lists all" in answer.json()["error"]["message"]


@pytest.mark.parametrize("token", ["x", "-1", "99999999999999999999", "²"])
async def test_made_up_page_is_refused(http: httpx2.AsyncClient, token: str) -> None:
    answer = await http.get("/v2/voices", params={"next_page_token": token})

    assert answer.status_code == 400


async def test_openais_clients_find_the_voices_of_a_server(http: httpx2.AsyncClient) -> None:
    voices = (await http.get("/v1/audio/voices")).json()["voices"]

    assert [(voice["id"], voice["name"]) for voice in voices] == [("ana", "Ana"), ("bo", "bo")]


async def test_text_too_long_for_one_object_is_sent_to_the_stream(
    http: httpx2.AsyncClient,
) -> None:
    answer = await http.post("/v1/text-to-speech/ana/with-timestamps", json={"text": "a" * 10_001})

    assert answer.status_code == 400
    assert "ana/stream/with-timestamps" in answer.json()["error"]["message"]


@pytest.mark.parametrize(("num_chars", "status"), [(2500, 200), (2501, 400)])
async def test_slow_speech_in_one_object_takes_as_many_minutes_but_fewer_characters(
    http: httpx2.AsyncClient, model: ScriptedModel, num_chars: int, status: int
) -> None:
    model.script = [line(b"abcd", "He", 0), Usage(characters=2)]
    body = {"text": "a" * num_chars, "voice_settings": {"speed": 0.25}}

    answer = await http.post("/v1/text-to-speech/ana/with-timestamps", json=body)

    assert answer.status_code == status
    if status == 400:
        assert "up to 2500 at speed 0.25" in answer.json()["error"]["message"]


async def test_timestamps_without_times_are_null(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b'{"audio_base64":"YWI=","alignment":null}\n', Usage(characters=2)]

    answer = await http.post("/v1/text-to-speech/ana/with-timestamps", json={"text": "Hi"})

    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "audio_base64": "YWI=",
        "alignment": None,
        "normalized_alignment": None,
    }


@pytest.mark.parametrize(
    "nulls",
    [
        dict.fromkeys(set(TextToSpeechRequest.model_fields) - {"text"}),
        {"voice_settings": dict.fromkeys(VoiceSettingsOfWire.model_fields)},
    ],
)
async def test_null_is_as_if_left_out(
    http: httpx2.AsyncClient, model: ScriptedModel, nulls: dict[str, Any]
) -> None:
    answer = await http.post("/v1/text-to-speech/ana", json={"text": "Hello", **nulls})

    assert answer.status_code == 200
    assert model.asked["speed"] == 1
