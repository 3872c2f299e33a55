# pyright: standard
"""Whisper understands Piper's voice: sentences that no recipe of this project has seen."""

import json
from typing import Any

import numpy as np
import pytest

from deployments.speech.config import SpeechConfig
from deployments.speech.piper.engine import PiperEngine
from deployments.transcriptions.config import TranscriptionsConfig
from deployments.transcriptions.faster_whisper.engine import FasterWhisperEngine
from tests.models.conftest import find_application
from tests.models.hearing import error_rate, transcribe
from wire.calls import Call, Operation

SENTENCES = (
    "The old lighthouse keeper walked slowly along the rocky shore, looking for driftwood.",
    "Please remember to water the tomatoes on the balcony while we are away next week.",
    "Our train leaves from platform nine at a quarter past seven in the morning.",
    "She opened the letter, read it twice, and laughed until tears ran down her face.",
    "The museum is closed on Mondays, but the garden behind it is always open.",
    "Scientists have discovered a small planet that circles its star in only eleven hours.",
    "Could you tell me how much the blue bicycle in the window costs?",
    "He mixed flour, butter and sugar, and baked the cake for forty minutes.",
    "Heavy rain is expected in the north, with strong winds along the coast.",
    "My grandfather repaired clocks and never wore a watch himself.",
    "The committee will publish its final report before the end of the month.",
    "Nobody noticed the cat that slept under the piano during the whole concert.",
)
MOST_ERRORS = 0.05
"""Of the words."""


@pytest.mark.timeout(120)
async def test_sentences_of_piper_are_understood(transcriptions: dict[str, Any]) -> None:
    speaker = await PiperEngine.load(SpeechConfig.model_validate(find_application("voice")["args"]))
    listener = await FasterWhisperEngine.load(TranscriptionsConfig.model_validate(transcriptions))
    texts: list[str] = []
    try:
        for sentence in SENTENCES:
            body = {
                "input": sentence,
                "voice": "joe",
                "response_format": "pcm",
                "sample_rate": 16_000,
            }
            speech = Call(Operation.SPEECH, json.dumps(body).encode(), "req")
            pcm = b"".join(
                [piece async for piece in speaker.stream(speech) if isinstance(piece, bytes)]
            )
            samples = np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(2**15)
            texts.append(await transcribe(listener, samples))
    finally:
        await speaker.close()
        await listener.close()

    assert error_rate(SENTENCES, texts) <= MOST_ERRORS, texts
