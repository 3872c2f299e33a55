import json
from typing import Any

import httpx
import httpx2
import pytest
from elevenlabs import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError

from tests.api.conftest import CreateApi
from tests.api.errors import assert_openai_error
from tests.api.transcriptions import ANSWER, AUDIO, CARD
from tests.support.scripted_model import ScriptedModel
from wire.card import ModelCard

PATH = "/v1/speech-to-text"


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD,)


@pytest.fixture(autouse=True)
def script(model: ScriptedModel) -> None:
    model.script = [ANSWER]


async def post(http: httpx2.AsyncClient, **fields: Any) -> httpx2.Response:
    return await http.post(PATH, data=fields, files={"file": ("a.wav", AUDIO)})


async def test_elevenlabs_request_is_answered_in_its_shape(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    answer = await post(http, model_id="whisper-1", language_code="en", keyterms="Zorvak")

    said = answer.json()
    assert said["text"] == "One two."
    assert said["language_code"] == "en"
    assert said["language_probability"] == 0.75
    assert [(word["text"], word["type"]) for word in said["words"]] == [
        ("One", "word"),
        (" ", "spacing"),
        ("two.", "word"),
    ]
    assert said["words"][1]["start"] == 0.9
    assert said["words"][0]["logprob"] == 0
    assert model.asked["word_timestamps"] is True
    assert model.asked["language"] == "en"
    assert model.asked["keywords"] == ["Zorvak"]


async def test_request_of_elevenlabs_quick_start_is_answered(
    create: CreateApi, model: ScriptedModel
) -> None:
    api = create(frozenset({"sk-right"}))
    transport = httpx.ASGITransport(api, raise_app_exceptions=False)
    async with api.router.lifespan_context(api), httpx.AsyncClient(transport=transport) as client:
        eleven = AsyncElevenLabs(base_url="http://test", api_key="sk-right", httpx_client=client)
        order: dict[str, Any] = {
            "file": ("a.mp3", AUDIO),
            "model_id": "whisper-1",
            "language_code": "eng",
            "tag_audio_events": True,
        }
        answer = await eleven.speech_to_text.with_raw_response.convert(**order, diarize=False)
        with pytest.raises(ApiError) as raised:
            await eleven.speech_to_text.convert(**order, diarize=True)

    assert model.asked["language"] == "en"
    assert answer.headers["x-homeport-ignored"] == "tag_audio_events"
    assert answer.data.model_dump()["text"] == "One two."
    assert raised.value.status_code == 400
    assert "'diarize'" in raised.value.body["detail"]["message"]


async def test_elevenlabs_request_without_times_has_no_words(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    answer = await post(
        http,
        timestamps_granularity="none",
        file_format="pcm_s16le_16",
        additional_formats="null",  # as the SDK sends what is left out
        webhook_metadata="null",
    )

    assert answer.json()["words"] == []
    assert model.asked["word_timestamps"] is False
    assert model.asked["encoding"] == "s16le"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("nob", "no"),
        ("nb-NO", "no"),
        ("jav", "jw"),
        ("iw", "he"),
        ("cmn", "zh"),
        ("Mandarin", "zh"),
    ],
)
async def test_elevenlabs_language_is_taken_by_every_name(
    http: httpx2.AsyncClient, model: ScriptedModel, language: str, code: str
) -> None:
    await post(http, language_code=language)

    assert model.asked["language"] == code


async def test_several_elevenlabs_languages_are_candidates(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    await post(http, language_code="deu", secondary_language_codes=["fr", "eng"])

    assert model.asked["languages"] == ["de", "fr", "en"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"diarize": "true"}, "diarize"),
        ({"source_url": "http://127.0.0.1/a.wav"}, "source_url"),
        ({"webhook": "true"}, "webhook"),
        ({"additional_formats": json.dumps([{"format": "srt"}])}, "additional_formats"),
        ({"timestamps_granularity": "character"}, "timestamps_granularity"),
        ({"language_code": "xx"}, "language_code"),
        ({"secondary_language_codes": "de"}, "secondary_language_codes"),
    ],
)
async def test_unsupported_elevenlabs_field_is_refused_by_name(
    http: httpx2.AsyncClient, model: ScriptedModel, fields: dict[str, str], param: str
) -> None:
    assert_openai_error(await post(http, **fields), 400, param)
    assert not model.calls


async def test_unknown_elevenlabs_model_is_named_by_its_parameter(
    http: httpx2.AsyncClient,
) -> None:
    answer = await post(http, model_id="absent")

    assert_openai_error(answer, 404, "model_id")
