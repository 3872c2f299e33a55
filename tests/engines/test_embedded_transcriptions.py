# pyright: standard
"""The embedded Whisper writes down what espeak-ng says: the words, their times, and no silence."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from deployments.transcriptions.config import TranscriptionsConfig
from deployments.transcriptions.faster_whisper.engine import FasterWhisperEngine
from embedded.transcriptions.recipe.evaluate import DECODING, WRITTEN, num_errors, words
from embedded.transcriptions.recipe.sentences import draw
from embedded.transcriptions.recipe.speech import SAMPLE_RATE, Speaker, Voice, record, voice
from tests.support.audio_files import encode
from wire.calls import Call, Operation

ROOT = Path(__file__).parents[2]
MOST_ERRORS = {"generated": 0.1, "written": 0.15, "recording": 0.3}
NEAR_SECONDS = 0.3

Said = tuple[float, float, str]
"""When a sentence begins and ends, and its text."""


def local_config() -> TranscriptionsConfig:
    """Return how ``configs/test.yaml`` serves it."""
    applications = yaml.safe_load((ROOT / "configs/test.yaml").read_text())["applications"]
    (found,) = [one for one in applications if one["name"] == "transcriptions"]
    return TranscriptionsConfig.model_validate(found["args"])


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return Speaker()


@pytest.fixture
async def engine() -> AsyncIterator[FasterWhisperEngine]:
    engine = await FasterWhisperEngine.load(local_config())
    yield engine
    await engine.close()


async def heard(
    engine: FasterWhisperEngine, samples: NDArray[np.float32], **body: Any
) -> dict[str, Any]:
    return await heard_file(engine, samples.tobytes(), encoding="f32le", **body)


async def heard_file(engine: FasterWhisperEngine, data: bytes, **body: Any) -> dict[str, Any]:
    call = Call(Operation.TRANSCRIPTION, json.dumps(body).encode(), "req", files=(data,))
    return json.loads((await engine.run(call)).body)


def recording(speaker: Speaker) -> tuple[NDArray[np.float32], list[Said]]:
    """Return sentences that training never showed, as the voice alloy says them, with pauses."""
    alloy = Voice("en-us+f2", 175, 40)
    pieces, said = [np.zeros(SAMPLE_RATE // 4, np.float32)], list[Said]()
    for text in WRITTEN[:16]:
        start = sum(map(len, pieces)) / SAMPLE_RATE
        speech = speaker.say(text, alloy)
        said.append((start, start + speech.words[-1].end, speech.text))
        pieces += [speech.samples, np.zeros(SAMPLE_RATE * 3 // 4, np.float32)]
    return np.concatenate(pieces), said


def error_rate(said: Sequence[str], texts: Sequence[str]) -> float:
    errors = sum(num_errors(words(a), words(b)) for a, b in zip(said, texts, strict=True))
    return errors / sum(len(words(text)) for text in said)


def test_scores_of_the_card_are_of_the_model_as_it_is_served() -> None:
    assert local_config().transcribe_kwargs == DECODING


@pytest.mark.parametrize("source", ["generated", "written"])
async def test_unseen_sentences_in_new_voice_settings_come_back(
    engine: FasterWhisperEngine, speaker: Speaker, source: str
) -> None:
    rng = Random(7)
    said = [draw(rng, unseen=True) for _ in range(20)] if source == "generated" else list(WRITTEN)

    texts: list[str] = []
    for text in said:
        samples = np.pad(speaker.say(text, voice(rng)).samples, (4000, 8000))
        texts.append((await heard(engine, record(rng, samples)))["text"])

    assert error_rate(said, texts) <= MOST_ERRORS[source]


async def test_recording_longer_than_a_window_comes_back_with_its_times(
    engine: FasterWhisperEngine, speaker: Speaker
) -> None:
    samples, said = recording(speaker)
    assert len(samples) > 30 * SAMPLE_RATE

    answer = await heard(engine, samples)

    text = " ".join(text for _, _, text in said)
    assert error_rate([text], [answer["text"]]) <= MOST_ERRORS["recording"]
    for edge, name in enumerate(("start", "end")):
        times = [segment[name] for segment in answer["segments"]]
        near = [min(abs(one[edge] - time) for time in times) <= NEAR_SECONDS for one in said]
        assert sum(near) >= 0.8 * len(near)


async def test_words_are_where_they_are_heard(
    engine: FasterWhisperEngine, speaker: Speaker
) -> None:
    text = "Please close the window before the rain begins."
    speech = speaker.say(text, voice(Random(5)))

    answer = await heard(
        engine, np.pad(speech.samples, (8000, 8000)), word_timestamps=True, vad_filter=False
    )

    said = answer["words"]
    assert [word["word"] for word in said] == text.split()
    middles = [0.5 + (word.start + word.end) / 2 for word in speech.words]
    found = [(word["start"] + word["end"]) / 2 for word in said]
    assert all(abs(a - b) <= NEAR_SECONDS for a, b in zip(middles, found, strict=True))


@pytest.mark.parametrize("loudness", [0.0, 0.003], ids=["silence", "hiss"])
async def test_what_nobody_says_has_no_text(engine: FasterWhisperEngine, loudness: float) -> None:
    hiss = np.random.default_rng(1).standard_normal(5 * SAMPLE_RATE, np.float32)

    answer = await heard(engine, loudness * hiss, vad_filter=False)

    assert answer["text"] == ""


FILES: dict[str, Callable[[NDArray[np.float32]], tuple[bytes, float]]] = {
    "inverted": lambda x: (encode(np.stack([x, -x]), 16_000, "mp3", "libmp3lame"), 0),
    "one channel": lambda x: (encode(np.stack([0 * x, x]), 16_000, "adts", "aac"), 0),
    "5.1": lambda x: (encode(np.stack([0 * x, 0 * x, x] + 3 * [0 * x])), 0),
    "telephone": lambda x: (encode(x[None, ::2], 8_000, "wav", "pcm_mulaw"), 0),
    "late in a video": lambda x: (encode(x[None], 16_000, "mp4", "aac", True, late_s=10), 10),
    "late in a broadcast": lambda x: (encode(x[None], 16_000, "mpegts", "aac", True, late_s=4), 4),
    "late, 24 bit": lambda x: (encode(x[None], 16_000, "matroska", "pcm_s24le", late_s=40), 40),
    "no size": lambda x: (encode(x[None]).replace(b"data" + (2 * len(x)).to_bytes(4, "little"),
                                                   b"data" + bytes(4)), 0),
}  # fmt: skip


@pytest.mark.parametrize("file", FILES)
async def test_text_and_times_are_the_same_in_every_file(
    engine: FasterWhisperEngine, speaker: Speaker, file: str
) -> None:
    said = speaker.say("Please close the window before the rain begins.", voice(Random(5)))
    samples = np.pad(said.samples, (8000, 8000))
    data, late_s = FILES[file](samples)

    clean, answer = [
        await heard_file(engine, each, word_timestamps=True)
        for each in (encode(samples[None]), data)
    ]

    assert answer["text"] == clean["text"]
    for kind in ("segments", "words"):
        for found, expected in zip(answer[kind], clean[kind], strict=True):
            assert found["start"] - late_s == pytest.approx(expected["start"], abs=NEAR_SECONDS)
            assert found["end"] - late_s == pytest.approx(expected["end"], abs=NEAR_SECONDS)
    assert answer["duration"] == pytest.approx(clean["duration"] + late_s, abs=0.2)
