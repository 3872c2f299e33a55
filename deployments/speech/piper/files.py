"""Finds Piper's voice files and reads their settings, without loading the library.

A voice is ``<name>.onnx`` with ``<name>.onnx.json`` beside it, as Piper's download gives them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, ValidationError

from deployments.config import resolve_model
from wire.errors import ModelLoadError

SUFFIX = ".onnx"


class _Audio(BaseModel):
    sample_rate: int = Field(ge=8_000, le=48_000)


class _Espeak(BaseModel):
    voice: str


class _Language(BaseModel):
    code: str


class VoiceSettings(BaseModel, extra="allow"):
    """What a voice's JSON states; the fields that only the library reads are extra."""

    audio: _Audio
    espeak: _Espeak
    language: _Language | None = None
    phoneme_type: Literal["espeak", "text", "hebrew"] = "espeak"
    """Piper's others need more packages."""
    num_symbols: int
    num_speakers: int = Field(ge=1)
    speaker_id_map: dict[str, int] = {}
    default_speaker_id: int = 0
    phoneme_id_map: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """One of Piper's voices."""

    path: Path
    settings: VoiceSettings

    @property
    def name(self) -> str:
        """Return the name that Piper gives it: ``en_US-joe-medium``."""
        return self.path.name.removesuffix(SUFFIX)

    @property
    def language(self) -> str:
        """Return the tag of what it speaks."""
        language = self.settings.language
        tag = language.code if language else self.settings.espeak.voice
        return tag.lower().replace("_", "-")


def find_voice_files(model: str) -> list[VoiceFile]:
    """Return the voice that ``model`` names, or all in its directory.

    Raises:
        ModelLoadError: there is none, or its JSON is missing or not one of Piper's.
    """
    path = Path(resolve_model(model, (SUFFIX,)))
    if not path.exists():
        raise ModelLoadError(
            f"No Piper voice at '{model}': neither a directory nor a {SUFFIX} file."
        )
    paths = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    if not paths:
        raise ModelLoadError(f"'{model}' has no Piper voice: no file ends with {SUFFIX}.")
    return [VoiceFile(each, _read_settings(each)) for each in paths]


def _read_settings(path: Path) -> VoiceSettings:
    settings = Path(f"{path}.json")
    try:
        return VoiceSettings.model_validate_json(settings.read_bytes())
    except FileNotFoundError:
        raise ModelLoadError(
            f"The Piper voice '{path}' has no '{settings.name}' beside it, which describes it."
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "not JSON"
        raise ModelLoadError(
            f"'{settings}' does not describe a Piper voice: {where}: {first['msg']}."
        ) from None
