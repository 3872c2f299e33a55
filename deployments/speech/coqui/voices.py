"""The voices of a Coqui model, from its directory's files, without loading the library."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deployments.config import resolve_model
from deployments.speech.voices import SpeechVoice

ONLY_VOICE = "default"
"""The voice of a model with one speaker."""


def resolve_voices(
    model: str, named: Sequence[SpeechVoice], languages: tuple[str, ...] = ()
) -> list[SpeechVoice]:
    """Return the voices that the operator names; without any, the speakers of a local model.

    Raises:
        ModelLoadError: the model is written as a path but no directory is there.
    """
    directory = Path(resolve_model(model))
    languages = languages or _languages(directory, model)
    if not named:
        speakers = _speakers(directory) or [ONLY_VOICE]
        return [SpeechVoice(id=speaker, languages=languages) for speaker in speakers]
    return [
        voice if voice.languages else voice.model_copy(update={"languages": languages})
        for voice in named
    ]


def _languages(directory: Path, model: str) -> tuple[str, ...]:
    """Return the languages in the model's config, or in its name ``tts_models/<language>/…``."""
    config = _read(directory / "config.json")
    datasets = config.get("datasets") or []
    found = config.get("languages") or [dataset.get("language") for dataset in datasets]
    parts = model.split("/")
    if not any(found) and len(parts) == 4 and parts[1] != "multilingual":
        found = [parts[1]]
    return tuple(dict.fromkeys(str(tag).lower() for tag in found if tag))


def _speakers(directory: Path) -> list[str]:
    for name in ("speakers.json", "speaker_ids.json"):
        if found := _read(directory / name):
            return list(found)
    return _read(directory / "config.json").get("speakers") or []


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}
