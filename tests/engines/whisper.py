"""The configuration of a transcription model that decodes greedily on one thread."""

from typing import Any

from deployments.transcriptions.config import TranscriptionsConfig

KWARGS = {"device": "cpu", "compute_type": "int8", "cpu_threads": 1, "num_workers": 2}

GREEDY = {"beam_size": 1, "temperature": [0]}


def config(**changes: Any) -> TranscriptionsConfig:
    fields: dict[str, Any] = {
        "model_id": "ear",
        "model": "embedded/transcriptions",
        "engine_kwargs": KWARGS,
        "transcribe_kwargs": GREEDY,
        "vad_filter": False,
    }
    return TranscriptionsConfig(**{**fields, **changes})
