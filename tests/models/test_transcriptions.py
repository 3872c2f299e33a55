# pyright: standard
"""Whisper tiny.en understands sentences that no recipe of this project has seen."""

from typing import Any

import numpy as np

from deployments.transcriptions.config import TranscriptionsConfig
from deployments.transcriptions.faster_whisper.engine import FasterWhisperEngine
from embedded.transcriptions.recipe.speech import SAMPLE_RATE, Speaker, Voice
from tests.models.hearing import error_rate, transcribe

SENTENCES = (
    "The committee postponed its decision until the end of September.",
    "My grandmother keeps bees behind the old stone church.",
    "Please forward the attached invoice to the accounting department.",
    "Scientists discovered a new species of frog in the rain forest.",
)
VOICE = Voice("en-us+f2", 150, 45)
MOST_ERRORS = 0.4
"""Of the words. espeak-ng does not sound like the people that Whisper learned from."""


async def test_unseen_sentences_are_transcribed(transcriptions: dict[str, Any]) -> None:
    engine = await FasterWhisperEngine.load(TranscriptionsConfig.model_validate(transcriptions))
    speaker = Speaker()
    texts: list[str] = []
    try:
        for sentence in SENTENCES:
            speech = speaker.say(sentence, VOICE).samples
            samples = np.pad(speech, (SAMPLE_RATE // 4, SAMPLE_RATE // 2))
            texts.append(await transcribe(engine, samples))
    finally:
        await engine.close()

    assert error_rate(SENTENCES, texts) <= MOST_ERRORS, texts
