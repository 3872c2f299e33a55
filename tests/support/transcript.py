"""A segment of a transcript as a replica returns it."""

from typing import Any


def segment(text: str, start: float, end: float) -> dict[str, Any]:
    return {
        "id": 0,
        "seek": 0,
        "start": start,
        "end": end,
        "text": text,
        "tokens": [1, 2],
        "temperature": 0.0,
        "avg_logprob": -0.25,
        "compression_ratio": 1.0,
        "no_speech_prob": 0.0,
    }
