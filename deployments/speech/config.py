"""``args`` of a speech model application."""

from typing import Literal

from pydantic import Field, model_validator

from deployments.config import ModelConfig
from deployments.speech.voices import SpeechVoice, with_known_names
from wire.calls import Kind
from wire.card import ModelCard, Voice


class SpeechConfig(ModelConfig, frozen=True):
    """A model that speaks."""

    kind: Literal[Kind.SPEECH] = Kind.SPEECH
    backend: Literal["espeak-ng", "coqui"]
    """The engine library: espeak-ng (rules, over 100 languages, no weights) or Coqui TTS."""
    model: str = Field(default="espeak-ng", min_length=1)
    """Coqui: a directory with ``config.json``, or a name as ``tts_models/en/vctk/vits``.
    espeak-ng carries its data in its package and needs none."""
    voices: tuple[SpeechVoice, ...] = ()
    """Coqui: the voices that requests may use, since the card must be readable without loading the
    model. Empty: the speakers that the model's directory lists, or its only one."""
    languages: tuple[str, ...] = ()
    """Coqui: tags of what the voices speak, in the model's spelling; empty: what the model's local
    config names, or the language in its name."""
    max_input_chars: int = Field(default=100_000, ge=1)
    """Longest text of a request: an hour and a half of speech. OpenAI's 4096 are too few for
    people who have documents read to them."""
    max_requests: int = Field(default=64, ge=1)
    """Requests that a replica holds at once. They take turns sentence by sentence."""

    @model_validator(mode="after")
    def _is_coquis(self) -> "SpeechConfig":
        if self.backend == "espeak-ng" and (self.voices or self.languages or self.engine_kwargs):
            raise ValueError(
                "'voices', 'languages' and 'engine_kwargs' are for backend 'coqui'; espeak-ng "
                "has voices of its own and no options"
            )
        return self

    def card(self) -> ModelCard:
        """Add the voices, with the names of OpenAI's and ElevenLabs' voices among their aliases."""
        return super().card().model_copy(update={"backend": self.backend, "voices": self._voices()})

    def _voices(self) -> tuple[Voice, ...]:
        if self.backend == "espeak-ng":
            from deployments.speech.espeak.voices import espeak_voices

            return espeak_voices()
        from deployments.speech.coqui.voices import resolve_voices

        voices = resolve_voices(self.model, self.voices, self.languages)
        return with_known_names([voice.on_card() for voice in voices])
