"""``args`` of a transcription model application."""

from typing import Any, Literal

from pydantic import Field

from deployments.config import ModelConfig
from wire.calls import Kind
from wire.card import ModelCard


class TranscriptionsConfig(ModelConfig, frozen=True):
    """A Whisper model served by faster-whisper. ``model`` may also be one of its size names."""

    kind: Literal[Kind.TRANSCRIPTIONS] = Kind.TRANSCRIPTIONS
    backend: Literal["faster-whisper"] = "faster-whisper"
    """The engine library. ``engine_kwargs`` takes the arguments of its ``WhisperModel``:
    ``device``, ``compute_type``, ``cpu_threads``, ``num_workers`` (transcriptions that run at the
    same time) …"""
    transcribe_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Defaults of every transcription, as ``WhisperModel.transcribe`` spells them: ``beam_size``,
    ``language``, ``vad_parameters`` … A request's own values win."""
    max_batch_size: int = Field(default=1, ge=1, le=64)
    """Windows of 30 s, of different requests, that go through the model in one pass. So many
    times ``num_workers`` requests run at once, each with its audio in memory. Off, because a CPU
    gains about a tenth; a GPU, which one window does not fill, wants about 8."""
    vad_filter: bool = True
    """Whether only what Silero's voice detection takes for speech is transcribed, unless the
    request decides otherwise. On, because Whisper invents text for silence and noise."""
    max_audio_seconds: float = Field(default=7200, gt=0, le=86_400)
    """Longest audio that is accepted, in seconds. A second takes 32 kB while it is worked on, so
    that the default of two hours bounds a running request to 230 MB."""
    max_requests: int = Field(default=32, ge=1)
    """Requests that a replica holds at once, running and waiting together. Each that waits holds
    its upload, 32 MiB at most by default; few run at once, so that more would wait for minutes."""

    def card(self) -> ModelCard:
        """Add the engine library."""
        return super().card().model_copy(update={"backend": self.backend})
