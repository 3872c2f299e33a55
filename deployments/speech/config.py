"""``args`` of a speech model application."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from deployments.config import ModelConfig
from deployments.speech.voices import SpeechVoice, with_known_names
from wire.calls import Kind
from wire.card import ModelCard, Voice


class SpeechConfig(ModelConfig, frozen=True):
    """A model that speaks."""

    model_files: ClassVar[tuple[str, ...]] = (".onnx",)
    kind: Literal[Kind.SPEECH] = Kind.SPEECH
    backend: Literal["espeak-ng", "coqui", "piper"]
    """The engine library: espeak-ng (rules, over 100 languages, no weights), Coqui TTS, or Piper
    (small neural voices, several times faster than real time on a CPU core)."""
    model: str = Field(default="espeak-ng", min_length=1)
    """Coqui: a directory with ``config.json``, or a name as ``tts_models/en/vctk/vits``.
    Piper: a voice file, ``name.onnx`` with ``name.onnx.json`` beside it, or a directory of them.
    espeak-ng carries its data in its package and needs none."""
    voices: tuple[SpeechVoice, ...] = ()
    """Coqui, Piper: the voices that requests may use, since the card must be readable without
    loading the model. Empty: the speakers that the model's files list."""
    languages: tuple[str, ...] = ()
    """Coqui: tags of what the voices speak, in the model's spelling; empty: what the model's local
    config names, or the language in its name."""
    fallback: str | None = Field(default=None, min_length=1)
    """A speech model, by id or alias, for the voices and languages that this one lacks."""
    max_input_chars: int = Field(default=100_000, ge=1)
    """Longest text of a request: an hour and a half of speech. OpenAI's 4096 are too few for
    people who have documents read to them."""
    max_requests: int = Field(default=64, ge=1)
    """Requests that a replica holds at once. They take turns sentence by sentence."""

    @model_validator(mode="after")
    def _fits_backend(self) -> "SpeechConfig":
        if self.backend == "espeak-ng" and (self.voices or self.languages or self.engine_kwargs):
            raise ValueError(
                "'voices', 'languages' and 'engine_kwargs' are for backend 'coqui'; espeak-ng "
                "has voices of its own and no options"
            )
        if self.backend == "piper" and self.languages:
            raise ValueError("'languages' is for backend 'coqui'; a Piper voice states its own")
        if self.fallback in (self.model_id, *self.aliases):
            raise ValueError("'fallback' must be another model")
        return self

    def card(self) -> ModelCard:
        """Add the voices, with the names of OpenAI's and ElevenLabs' voices among their aliases."""
        added = {
            "backend": self.backend,
            "voices": self._voices(),
            "voices_are_native": self.backend == "piper",
            "fallback": self.fallback,
        }
        return super().card().model_copy(update=added)

    def _voices(self) -> tuple[Voice, ...]:
        if self.backend == "espeak-ng":
            from deployments.speech.espeak.voices import espeak_voices

            return espeak_voices()
        if self.backend == "piper":
            from deployments.speech.piper.voices import resolve_speakers

            voices = [each.voice for each in resolve_speakers(self.model, self.voices)]
        else:
            from deployments.speech.coqui.voices import resolve_voices

            voices = resolve_voices(self.model, self.voices, self.languages)
        return with_known_names([voice.on_card() for voice in voices])
