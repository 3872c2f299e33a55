from array import array
from typing import Any

import httpx2
import pytest

from tests.api.errors import assert_openai_error
from tests.api.transcriptions import AUDIO, CARD
from tests.support.scripted_model import ScriptedModel
from wire.calls import Operation
from wire.card import ModelCard


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD,)


@pytest.mark.parametrize("path", ["/vad", "/v1/vad"])
async def test_voice_detection_takes_samples(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str
) -> None:
    model.script = [b'{"segments":[{"start":0.5,"end":1.0}]}']

    answer = await http.post(
        path, json={"model": "whisper-1", "audio": [0.5, -0.25], "threshold": 0.3}
    )

    assert answer.json() == {"segments": [{"start": 0.5, "end": 1.0}]}
    assert model.calls[0].operation == Operation.VAD
    assert model.calls[0].files == (array("f", [0.5, -0.25]).tobytes(),)
    assert model.asked["encoding"] == "f32le"
    assert model.asked["vad_parameters"] == {"threshold": 0.3}


async def test_voice_detection_takes_a_file(http: httpx2.AsyncClient, model: ScriptedModel) -> None:
    model.script = [b'{"segments":[]}']

    answer = await http.post("/v1/vad", files={"file": ("a.wav", AUDIO)})

    assert answer.json() == {"segments": []}
    assert model.calls[0].files == (AUDIO,)
    assert model.asked["encoding"] == "file"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "audio"),
        ({"audio": []}, "audio"),
        ({"audio": "abc"}, "audio"),
        ({"audio": [1e300]}, "audio[0]"),
        ({"audio": [0.5, -2.5]}, "audio[1]"),
        ({"audio": ["loud"]}, "audio[0]"),
        ({"audio": [0.5], "threshold": 2}, "threshold"),
        ([1, 2], None),
    ],
)
async def test_voice_detection_without_samples_is_refused(
    http: httpx2.AsyncClient, body: Any, param: str | None
) -> None:
    assert_openai_error(await http.post("/vad", json=body), 400, param)


async def test_samples_that_nobody_scaled_are_refused_with_what_is_allowed(
    http: httpx2.AsyncClient,
) -> None:
    answer = await http.post("/vad", json={"audio": [0, 12_000, 32_767]})

    assert_openai_error(answer, 400, "audio[2]")
    assert "between -1 and 1 (received 32767)" in answer.json()["error"]["message"]


async def test_samples_a_little_too_loud_are_taken(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b'{"segments":[]}']

    answer = await http.post("/vad", json={"audio": [1.25, -1.0625]})

    assert answer.status_code == 200


async def test_long_recording_is_sent_to_the_form(
    http: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wire.openai.transcriptions.MAX_SAMPLES", 3)

    answer = await http.post("/vad", json={"audio": [0, 0, 0, 0]})

    assert_openai_error(answer, 400, "audio")
    assert "it has 4 samples; JSON takes up to 3" in answer.json()["error"]["message"]
    assert "'file'" in answer.json()["error"]["message"]
