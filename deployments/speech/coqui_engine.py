# pyright: standard
"""Coqui TTS (the maintained fork `coqui-tts`, module `TTS`)."""

from typing import Any

from deployments.speech.config import SpeechConfig


class CoquiSynthesizer:
    """The library, with a model loaded."""

    @classmethod
    async def load(cls, config: SpeechConfig) -> Any:
        """Load the model that ``config`` names."""
        raise NotImplementedError
