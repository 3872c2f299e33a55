# pyright: standard
"""What the engine does with languages, on a model whose detection is scripted.

CTranslate2 takes none of the models that are small enough for a test for multilingual.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deployments.transcriptions.config import TranscriptionsConfig
from deployments.transcriptions.faster_whisper.engine import FasterWhisperEngine
from tests.support.audio_files import encode, noise
from tests.support.tiny_whisper import make_multilingual_whisper
from wire.calls import Call, Operation
from wire.errors import InvalidRequestError

CLIP = encode(noise(2))


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_multilingual_whisper(tmp_path_factory.mktemp("multilingual"))


class Multilingual:
    """Hears German, perhaps French."""

    is_multilingual = True

    def __init__(self, model: Any) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def detect_language(self, _: Any) -> list[list[tuple[str, float]]]:
        return [[("<|de|>", 0.75), ("<|fr|>", 0.125), ("<|en|>", 0.0625)]]


async def load(directory: str, **kwargs: Any) -> FasterWhisperEngine:
    engine = await FasterWhisperEngine.load(config(directory, **kwargs))
    engine.model.model = Multilingual(engine.model.model)
    return engine


def config(directory: str, **kwargs: Any) -> TranscriptionsConfig:
    return TranscriptionsConfig(
        model_id="ear",
        model=directory,
        engine_kwargs={"device": "cpu", "compute_type": "int8", "cpu_threads": 1},
        transcribe_kwargs={"beam_size": 1, "temperature": [0], "max_new_tokens": 8, **kwargs},
        vad_filter=False,
    )


@pytest.fixture
async def engine(directory: str) -> AsyncIterator[FasterWhisperEngine]:
    engine = await load(directory)
    yield engine
    await engine.close()


async def transcribed(engine: FasterWhisperEngine, **body: Any) -> dict[str, Any]:
    call = Call(Operation.TRANSCRIPTION, json.dumps(body).encode(), "req", files=(CLIP,))
    return json.loads((await engine.run(call)).body)


async def test_language_is_detected(engine: FasterWhisperEngine) -> None:
    said = await transcribed(engine)

    assert said["language"] == "de"
    assert said["language_probability"] == 0.75


async def test_language_that_is_told_is_not_detected(engine: FasterWhisperEngine) -> None:
    said = await transcribed(engine, language="haw")

    assert said["language"] == "haw"
    assert said["language_probability"] == 1


@pytest.mark.parametrize(
    ("languages", "heard"),
    [(["haw"], "haw"), (["fr", "en"], "fr"), (["en", "fr", "de"], "de"), (["zh", "en"], "en")],
)
async def test_language_is_the_likeliest_of_those_that_are_told(
    engine: FasterWhisperEngine, languages: list[str], heard: str
) -> None:
    assert (await transcribed(engine, languages=languages))["language"] == heard


async def test_default_language_yields_to_the_requests(directory: str) -> None:
    engine = await load(directory, language="it")

    assert (await transcribed(engine))["language"] == "it"
    assert (await transcribed(engine, language="fr"))["language"] == "fr"


async def test_translation_is_another_task(engine: FasterWhisperEngine) -> None:
    said = await transcribed(engine, task="translate", language="de")

    assert said["task"] == "translate"
    assert said["language"] == "de"


async def test_unknown_language_is_refused_with_those_that_are_known(
    engine: FasterWhisperEngine,
) -> None:
    with pytest.raises(InvalidRequestError, match="Allowed: af, am, ar"):
        await transcribed(engine, language="tlh")
