# pyright: standard
"""Speaks sentence by sentence with any of Coqui's models, through the library's own API.

Has no part in formats or in the turns of requests.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from TTS.api import TTS

from deployments.samples import from_float
from deployments.speech.coqui.voices import ONLY_VOICE
from deployments.speech.engine import Spoken
from deployments.speech.segments import Segment, segments
from deployments.speech.tempo import Tempo
from deployments.speech.voices import SpeechVoice
from deployments.threads import Cancelled
from wire.bodies import SpeechBody
from wire.errors import ModelLoadError

SEGMENT_CHARS = 250
"""These models were trained on sentences up to about this length."""


class CoquiSynthesizer:
    """A model of the library."""

    speaks_whole_segments = True

    def __init__(self, tts: TTS, voices: Mapping[str, SpeechVoice]) -> None:
        self._tts = tts
        self._voices = voices
        library: Any = tts.synthesizer
        self._model: Any = library.tts_model
        self.sample_rate = int(library.output_sample_rate)
        self._check_voices()

    def segments(self, body: SpeechBody) -> Iterable[Segment]:
        """Return the text in sentences."""
        return segments(body.input, SEGMENT_CHARS, one_sentence=True)

    def speak(self, segment: Segment, body: SpeechBody, cancelled: Cancelled) -> Iterable[Spoken]:
        """Yield the sentence's audio."""
        if not self._has_words(segment.text) or cancelled.is_set():
            return
        torch.manual_seed(body.seed)  # so that earlier requests make no difference
        voice = self._voices[body.voice]
        waveform = self._tts.tts(
            segment.text,
            speaker=self._speaker(voice),
            language=self._language(body, voice),
            speaker_wav=list(voice.reference_audio) or None,
            split_sentences=False,
        )
        yield from at_speed([as_samples(waveform)], self.sample_rate, body.speed)

    def close(self) -> None:
        """Free the model's memory."""
        del self._tts, self._model
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _has_words(self, text: str) -> bool:
        """Return whether the model has a token for anything in the text; without one it fails."""
        if not any(char.isalnum() for char in text):
            return False
        tokenizer = self._model.tokenizer
        languages = self._model.language_manager.language_names
        cleaned = tokenizer.text_cleaner(text) if tokenizer.text_cleaner else text
        if tokenizer.phonemizer:
            cleaned = tokenizer.phonemizer.phonemize(cleaned, separator="", language=languages[0])
        return bool(tokenizer.encode(cleaned))

    def _speaker(self, voice: SpeechVoice) -> str | None:
        if voice.reference_audio or not self._tts.is_multi_speaker:
            return None
        if voice.speaker is None and voice.id == ONLY_VOICE:
            return (self._tts.speakers or [None])[0]
        return voice.speaker or voice.id

    def _language(self, body: SpeechBody, voice: SpeechVoice) -> str | None:
        known = self._tts.languages
        if not known:
            return None
        wanted = [body.language, *voice.languages]
        return next((tag for tag in wanted if tag in known), known[0])

    def _check_voices(self) -> None:
        """Check at load, not at the first request, that the model has the configured voices."""
        speakers = self._tts.speakers or []
        for voice in self._voices.values():
            speaker = self._speaker(voice)
            if speaker is not None and speaker not in speakers:
                raise ModelLoadError(
                    f"voices: the model has no speaker {speaker!r}, "
                    f"only {', '.join(speakers[:20]) or 'none'}."
                )
            if voice.reference_audio and not self.can_clone():
                raise ModelLoadError(f"voices: {voice.id!r}: the model cannot clone a voice.")

    def can_clone(self) -> bool:
        """Return whether the model can clone a voice from a recording."""
        manager = self._model.speaker_manager
        return bool(
            self._model.config.supports_cloning or (manager and getattr(manager, "encoder", None))
        )


def as_samples(waveform: Any) -> bytes:
    """Return the library's floats as 16-bit samples."""
    floats = np.nan_to_num(np.asarray(waveform, dtype=np.float32).reshape(-1))
    return from_float(floats).tobytes()


def at_speed(pieces: Iterable[bytes], sample_rate: int, speed: float) -> Iterable[Spoken]:
    """Yield the pieces at another speed, as soon as each is ready."""
    tempo = None if speed == 1 else Tempo(sample_rate, speed)
    for samples in pieces:
        yield Spoken(tempo.add(samples) if tempo else samples)
    if tempo:
        yield Spoken(tempo.finish())
