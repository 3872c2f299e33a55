"""A transcription model's card and answers, for tests of the audio routes."""

import json
from typing import Any

from tests.support.transcript import segment
from wire.calls import Kind
from wire.card import ModelCard

AUDIO = b"RIFF....WAVE"

CARD = ModelCard(
    id="ear", kind=Kind.TRANSCRIPTIONS, aliases=("whisper-1",), backend="faster-whisper"
)

WHOLE: dict[str, Any] = {
    "text": "One two.",
    "task": "transcribe",
    "language": "en",
    "language_probability": 0.75,
    "duration": 2.0,
    "prompt_tokens": 0,
    "completion_tokens": 4,
}

PIECES = [segment(" One", 0, 1), segment(" two.", 1, 2)]

WORDS = [
    {"word": "One", "start": 0.1, "end": 0.9, "probability": 1.0},
    {"word": "two.", "start": 1.1, "end": 1.9, "probability": 0.5},
]

ANSWER = json.dumps({**WHOLE, "segments": PIECES, "words": WORDS}).encode()
