"""What a transcription call asks for, as it comes over the handle, and what of it is refused.

Knows the model's languages by a list; nothing of its library.
"""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, Field

from wire.errors import InvalidRequestError


class AudioOrder(BaseModel, extra="ignore", frozen=True):
    """What every operation is told of its audio."""

    encoding: Literal["file", "f32le", "s16le"] = "file"
    """A file in any container, or samples at 16 kHz: 32-bit floats or 16-bit integers."""
    vad_parameters: dict[str, Any] = Field(default_factory=dict)
    """Options of the voice detection, in its library's spelling."""


class TranscriptionOrder(AudioOrder, frozen=True):
    """Body of the operation ``transcription``."""

    task: Literal["transcribe", "translate"] = "transcribe"
    """Write what is said, or what it means in English."""
    language: str | None = None
    """ISO 639 code of what is spoken; None: detect it."""
    languages: tuple[str, ...] = ()
    """What may be spoken, when it is detected."""
    prompt: str | None = None
    """Text that comes before, for style and spelling."""
    keywords: tuple[str, ...] = ()
    """Words that are likely."""
    temperature: float | None = None
    """0 or None: rising as far as the library finds it necessary."""
    word_timestamps: bool = False
    vad_filter: bool | None = None

    def check_languages(self, known: Sequence[str]) -> None:
        """Refuse languages that the model does not know.

        Raises:
            InvalidRequestError: names the parameter and what is allowed.
        """
        asked = [("language", self.language), *(("languages", one) for one in self.languages)]
        for param, language in asked:
            if language is not None and language not in known:
                raise InvalidRequestError(
                    f"'{param}': the model does not know '{language}'. "
                    f"Allowed: {', '.join(known)}.",
                    param,
                )
