# pyright: standard
"""Coqui TTS (the maintained fork `coqui-tts`, module `TTS`): any of its models, and voice cloning.

Loads a model and chooses its synthesizer: XTTS streams within a sentence, the others do not.
"""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import torch
from TTS.api import TTS

from deployments.config import resolve_model
from deployments.speech.config import SpeechConfig
from deployments.speech.coqui.files import local_files
from deployments.speech.coqui.phonemes import provide_phonemes
from deployments.speech.coqui.recording import find_recording
from deployments.speech.coqui.synthesizer import CoquiSynthesizer
from deployments.speech.coqui.voices import resolve_voices
from deployments.speech.coqui.xtts import XttsSynthesizer
from deployments.speech.engine import SpeechEngine, Synthesizer
from wire.errors import ModelLoadError

logging.getLogger("TTS").setLevel(logging.CRITICAL)  # it logs the texts of requests

LOAD_OPTIONS = (
    "vocoder_name",
    "vocoder_path",
    "vocoder_config_path",
    "encoder_path",
    "encoder_config_path",
)
"""``engine_kwargs`` that go to ``TTS.api.TTS``."""


class CoquiEngine(SpeechEngine):
    """The engine of this library."""

    @classmethod
    async def load(cls, config: SpeechConfig) -> Self:
        """Load the model that ``config`` names.

        Raises:
            ModelLoadError: names what is wrong with the model, its options or its voices.
        """
        return cls(await asyncio.to_thread(_load, config), config.max_input_chars)


def _load(config: SpeechConfig) -> Synthesizer:
    voices = {
        voice.id: voice.model_copy(
            update={"reference_audio": tuple(map(find_recording, voice.reference_audio))}
        )
        for voice in resolve_voices(config.model, config.voices, config.languages)
    }
    options = dict(config.engine_kwargs)
    device = options.pop("device", "cuda" if torch.cuda.is_available() else "cpu")
    inference = options.pop("inference", {})
    unknown = set(options) - set(LOAD_OPTIONS)
    if unknown:
        allowed = ", ".join(["device", "inference", *LOAD_OPTIONS])
        raise ModelLoadError(f"engine_kwargs: unknown {sorted(unknown)}, allowed {allowed}.")
    provide_phonemes()
    tts = _load_or_explain(lambda: _model(resolve_model(config.model), options).to(device))
    synthesizer: Any = tts.synthesizer
    if synthesizer is None:
        raise ModelLoadError(f"'{config.model}' does not turn text into speech.")
    synthesizer.use_cuda = str(device).startswith("cuda")
    tts.eval()
    if synthesizer.tts_model.config.model == "xtts":
        return XttsSynthesizer(tts, voices, inference)
    if inference:
        raise ModelLoadError("engine_kwargs.inference: only XTTS takes it.")
    return CoquiSynthesizer(tts, voices)


def _model(model: str, options: dict[str, Any]) -> TTS:
    directory = Path(model)
    if not directory.is_dir():
        return TTS(model, progress_bar=False, **options)
    files = local_files(directory)
    return TTS(
        model_path=str(files.checkpoint),
        config_path=str(files.config),
        progress_bar=False,
        **{**files.vocoder, **options},
    )


def _load_or_explain(load: Callable[[], TTS]) -> TTS:
    """Load, and raise what was wrong in one sentence."""
    try:
        return load()
    except EOFError:
        raise ModelLoadError(
            "The model's licence must be accepted: set COQUI_TOS_AGREED=1 in the runtime_env."
        ) from None
    except ModelLoadError:
        raise
    except Exception as error:
        raise ModelLoadError(f"Coqui could not load the model: {error}") from error
