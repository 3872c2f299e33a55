from array import array
from typing import Any

import httpx2
import pytest

from serve_app.card import ModelCard
from tests.api.conftest import ScriptedModel
from tests.api.test_bad_input import assert_openai_error
from tests.api.test_transcriptions import AUDIO, CARD


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
    assert model.calls[0].operation == "vad"
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
        ({"audio": [0.5], "threshold": 2}, "threshold"),
        ([1, 2], None),
    ],
)
async def test_voice_detection_without_samples_is_refused(
    http: httpx2.AsyncClient, body: Any, param: str | None
) -> None:
    assert_openai_error(await http.post("/vad", json=body), 400, param)
