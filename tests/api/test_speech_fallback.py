"""A voice or language that a speech model lacks is answered by the model that it names."""

from typing import Any

import httpx2
import pytest

from tests.api.spoken import spoken_script
from tests.support.scripted_model import ScriptedModel
from wire.calls import Kind
from wire.card import ModelCard, Voice

JOE = ModelCard(
    id="joe",
    kind=Kind.SPEECH,
    aliases=("tts-1", "voice-en-us-amy-low"),
    backend="piper",
    voices=(
        Voice(id="en_US-joe-medium", languages=("en-us",), aliases=("joe", "alloy", "21m00")),
        Voice(id="es_ES-eva-low", languages=("es-es",)),
    ),
    voices_are_native=True,
    fallback="rules",
)
RULES = ModelCard(
    id="rules",
    kind=Kind.SPEECH,
    aliases=("tts-1",),
    backend="espeak-ng",
    voices=(
        Voice(id="alloy", languages=("en-us",), aliases=("21m00",)),
        Voice(id="de", languages=("de",)),
    ),
)


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (JOE, RULES)


@pytest.fixture
def model(model: ScriptedModel) -> ScriptedModel:
    model.script = [*spoken_script()]
    return model


@pytest.mark.parametrize(
    ("fields", "speaker"),
    [
        ({}, ("joe", "en_US-joe-medium", None)),
        ({"voice": "alloy"}, ("joe", "en_US-joe-medium", None)),
        ({"voice": "joe", "language": "en-US"}, ("joe", "en_US-joe-medium", "en-us")),
        ({"language": "spanish"}, ("joe", "es_ES-eva-low", "es-es")),
        ({"voice": "alloy", "language": "es"}, ("joe", "es_ES-eva-low", "es-es")),
        ({"voice": "de"}, ("rules", "de", None)),
        ({"language": "de-AT"}, ("rules", "alloy", "de")),
        ({"voice": "alloy", "language": "de"}, ("rules", "alloy", "de")),
        ({"model": "voice-en-us-amy-low", "language": "de"}, ("rules", "alloy", "de")),
        ({"model": "rules", "voice": "alloy"}, ("rules", "alloy", None)),
        ({"backend": "espeak-ng", "voice": "alloy"}, ("rules", "alloy", None)),
        ({"backend": "piper", "voice": "alloy"}, ("joe", "en_US-joe-medium", None)),
    ],
)
async def test_first_model_that_has_voice_and_language_speaks(
    http: httpx2.AsyncClient, model: ScriptedModel, fields: dict[str, Any], speaker: tuple[str, ...]
) -> None:
    body = {"model": "tts-1", "input": "Hello", **fields}

    answer = await http.post("/v1/audio/speech", json=body)

    assert answer.status_code == 200, answer.text
    asked = model.asked
    assert (asked["model"], asked["voice"], asked.get("language")) == speaker


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"voice": "zoe"}, "'voice': model 'joe' has no voice 'zoe'"),
        ({"language": "tlh"}, "'language': model 'joe' does not speak 'tlh'"),
        (
            {"voice": "es_ES-eva-low", "language": "en"},
            "'language': voice 'es_ES-eva-low' of model 'joe' does not speak 'en'",
        ),
        ({"backend": "piper", "language": "de"}, "'language': model 'joe' does not speak 'de'"),
    ],
)
async def test_what_no_model_has_is_the_first_ones_error(
    http: httpx2.AsyncClient, fields: dict[str, Any], message: str
) -> None:
    answer = await http.post("/v1/audio/speech", json={"model": "tts-1", "input": "Hi", **fields})

    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


async def test_elevenlabs_voice_speaks_another_language_by_the_fallback(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    path = "/v1/text-to-speech/21m00"

    english = await http.post(path, json={"text": "Hello"})
    asked = [model.asked["model"]]
    model.script = [*spoken_script()]
    german = await http.post(path, json={"text": "Hallo", "language_code": "de"})

    assert (english.status_code, german.status_code) == (200, 200)
    assert [*asked, model.asked["model"]] == ["joe", "rules"]


async def test_log_names_the_model_that_speaks(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        await http.post("/v1/audio/speech", json={"model": "tts-1", "input": "Hi", "voice": "de"})

    assert "POST /v1/audio/speech kind=speech model=rules" in caplog.text


async def test_list_names_the_engine_of_each_voice(http: httpx2.AsyncClient) -> None:
    listed = (await http.get("/v1/voices")).json()["voices"]

    assert [(each["voice_id"], each["labels"]["engine"]) for each in listed] == [
        ("en_US-joe-medium", "piper"),
        ("es_ES-eva-low", "piper"),
        ("alloy", "espeak-ng"),
        ("de", "espeak-ng"),
    ]
    assert (await http.get("/v1/voices/alloy")).json()["labels"]["model"] == "rules"
    assert (await http.get("/v1/voices/joe")).json()["labels"]["model"] == "joe"
