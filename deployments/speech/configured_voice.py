"""A voice as the operator writes it into the configuration. Knows no library."""

from typing import Literal

from pydantic import BaseModel, Field

from wire.card import Voice


class SpeechVoice(BaseModel, frozen=True, extra="forbid"):
    """A voice that the operator names."""

    id: str = Field(min_length=1, max_length=200)
    """The name in requests."""
    name: str = ""
    """For people."""
    speaker: str | None = None
    """The model's own name of the speaker; none: the model's only one, or the reference's."""
    reference_audio: tuple[str, ...] = ()
    """Recordings to clone the voice from, where the model can: paths of WAV files, 6–30 s."""
    languages: tuple[str, ...] = ()
    """Language tags, the first is the default; empty: those of the model."""
    gender: Literal["female", "male"] | None = None
    """Lets names of OpenAI's and ElevenLabs' voices find one that suits."""
    aliases: tuple[str, ...] = ()
    """More names."""

    def on_card(self) -> Voice:
        """Return what the ingress may know of it."""
        return Voice.model_validate(self.model_dump(exclude={"speaker", "reference_audio"}))
