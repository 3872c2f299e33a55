# pyright: standard
"""What Whisper hears in a recording, and how much of it is wrong."""

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deployments.transcriptions.faster_whisper.engine import FasterWhisperEngine
from embedded.transcriptions.recipe.evaluate import num_errors, words
from wire.calls import Call, Operation


async def transcribe(engine: FasterWhisperEngine, samples: NDArray[np.float32]) -> str:
    """Return the text of a recording at 16,000 Hz."""
    call = Call(
        Operation.TRANSCRIPTION,
        json.dumps({"encoding": "f32le"}).encode(),
        "req",
        files=(samples.tobytes(),),
    )
    return json.loads((await engine.run(call)).body)["text"]


def error_rate(sentences: Sequence[str], texts: Sequence[str]) -> float:
    """Return the share of the sentences' words that are wrong in their transcriptions."""
    pairs = [(words(said), words(text)) for said, text in zip(sentences, texts, strict=True)]
    return sum(num_errors(said, text) for said, text in pairs) / sum(len(said) for said, _ in pairs)
