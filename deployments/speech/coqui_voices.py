"""The voices of a Coqui model, from its directory's files, without loading the library.

Knows the names of the files, not their tensors.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployments.config import PROJECT_ROOT
from deployments.speech.voices import with_known_names
from serve_app.card import Voice

if TYPE_CHECKING:
    from deployments.speech.config import SpeechVoice

ONLY_VOICE = "default"
"""The voice of a model with one speaker."""


def coqui_voices(model: str, named: "Sequence[SpeechVoice]") -> tuple[Voice, ...]:
    """Return the voices that the operator names; without any, the speakers of a local model."""
    directory = _directory(model)
    languages = _languages(directory, model)
    if named:
        voices = [
            voice.on_card().model_copy(update={"languages": voice.languages or languages})
            for voice in named
        ]
    else:
        speakers = _speakers(directory) or [ONLY_VOICE]
        voices = [Voice(id=speaker, languages=languages) for speaker in speakers]
    return with_known_names(voices)


def _directory(model: str) -> Path | None:
    for candidate in (Path(model).expanduser(), PROJECT_ROOT / model):
        if candidate.joinpath("config.json").is_file():
            return candidate
    return None


def _languages(directory: Path | None, model: str) -> tuple[str, ...]:
    """Return what the model's own config says, or its name ``tts_models/<language>/…``."""
    if directory is not None:
        config = _read(directory / "config.json")
        several = config.get("languages") or []
        datasets = config.get("datasets") or []
        found = several or [dataset.get("language") for dataset in datasets]
        return tuple(dict.fromkeys(str(tag).lower() for tag in found if tag))
    parts = model.split("/")
    return (parts[1].lower(),) if len(parts) == 4 and parts[1] != "multilingual" else ()


def _speakers(directory: Path | None) -> list[str]:
    if directory is None:
        return []
    found = directory / "speakers.json"
    return [name.strip() for name in _read(found)] if found.is_file() else []


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))
