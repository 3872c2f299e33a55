# pyright: standard
"""Piper: small neural voices, one or a few of a language each, on ONNX Runtime.

Has no part in formats or in the turns of requests.
"""

import asyncio
import logging
import os
from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from piper import PiperConfig, PiperVoice
from pydantic import BaseModel, Field, ValidationError

from deployments.samples import from_float
from deployments.speech.config import SpeechConfig
from deployments.speech.encoding import Resampler
from deployments.speech.engine import SpeechEngine, Spoken
from deployments.speech.piper.files import VoiceFile
from deployments.speech.piper.session import VoiceSession
from deployments.speech.piper.voices import PiperSpeaker, resolve_speakers
from deployments.speech.segments import Segment, segments
from deployments.speech.tempo import change_tempo
from deployments.threads import Cancelled
from wire.bodies import SpeechBody
from wire.errors import ModelLoadError

logging.getLogger("piper").setLevel(logging.ERROR)  # it logs phonemes of requests

SEGMENT_CHARS = 250
"""Some 15 seconds of speech, made in two or three: how long others wait for their turn."""

RAW_PHONEMES = "[["
"""Begins phonemes in Piper's own texts; here a text is only ever a text."""


class PiperOptions(BaseModel, extra="forbid"):
    """``engine_kwargs``: names and meanings are Piper's, absent scales the voice's config."""

    length_scale: float | None = Field(default=None, gt=0, le=10)
    noise_scale: float | None = Field(default=None, ge=0, le=5)
    noise_w_scale: float | None = Field(default=None, ge=0, le=5)
    volume: float = Field(default=1.0, gt=0, le=10)
    normalize_audio: bool = True
    sentence_silence: float = Field(default=0.0, ge=0, le=10)
    use_cuda: bool = False
    num_threads: int = Field(
        default_factory=lambda: int(os.environ.get("OMP_NUM_THREADS", 1)), ge=1
    )
    """Threads of a run."""


class PiperSynthesizer:
    """Voices of the library."""

    speaks_whole_segments = True

    def __init__(self, speakers: Iterable[PiperSpeaker], options: PiperOptions) -> None:
        self._options = options
        self._speakers = {each.voice.id: each for each in speakers}
        files = {each.file.name: each.file for each in self._speakers.values()}
        self._voices = {name: _load_voice(file) for name, file in files.items()}
        self._sessions = {
            name: VoiceSession(
                file.path, num_threads=options.num_threads, use_cuda=options.use_cuda
            )
            for name, file in files.items()
        }
        self.sample_rate = max(file.settings.audio.sample_rate for file in files.values())

    def segments(self, body: SpeechBody) -> Iterable[Segment]:
        """Return the text in sentences."""
        return segments(body.input, SEGMENT_CHARS, one_sentence=True)

    def speak(self, segment: Segment, body: SpeechBody, cancelled: Cancelled) -> Iterable[Spoken]:
        """Yield the sentence's audio."""
        if cancelled.is_set():
            return
        speaker = self._speakers[body.voice]
        voice = self._voices[speaker.file.name]
        samples = b""
        text = segment.text.replace(RAW_PHONEMES, "[ [")
        for phonemes in voice.phonemize(text):
            # Punctuation alone would be a noise.
            if any(each.isalnum() for each in phonemes) and not cancelled.is_set():
                ids = voice.phonemes_to_ids(phonemes)
                samples += self._synthesize(ids, voice.config, speaker, body.seed)
        rate = speaker.file.settings.audio.sample_rate
        if rate != self.sample_rate:
            resampler = Resampler(rate, self.sample_rate)
            samples = resampler.add(samples) + resampler.finish()
        yield Spoken(change_tempo(samples, self.sample_rate, body.speed))

    def close(self) -> None:
        """Free the voices' memory."""
        self._sessions.clear()

    def _synthesize(
        self, ids: list[int], config: PiperConfig, speaker: PiperSpeaker, seed: int
    ) -> bytes:
        """Return the audio of one sentence, with the silence after it."""
        options = self._options
        scales = (
            _first(options.noise_scale, config.noise_scale),
            _first(options.length_scale, config.length_scale),
            _first(options.noise_w_scale, config.noise_w_scale),
        )
        audio = self._sessions[speaker.file.name].run(ids, scales, speaker.speaker_id, seed)
        silence = bytes(2 * int(options.sentence_silence * config.sample_rate))
        return from_float(self._adjust(audio)).tobytes() + silence

    def _adjust(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the audio as loud as the options want it."""
        loudest = float(np.abs(audio).max(initial=0.0))
        if self._options.normalize_audio and loudest > 1e-8:
            audio = audio / loudest
        return np.nan_to_num(audio) * self._options.volume


class PiperEngine(SpeechEngine):
    """The engine of this library."""

    @classmethod
    async def load(cls, config: SpeechConfig) -> Self:
        """Load the voices that ``config`` names.

        Raises:
            ModelLoadError: names what is wrong with a file, a voice or an option.
        """
        return cls(await asyncio.to_thread(_load, config), config.max_input_chars)


def _load(config: SpeechConfig) -> PiperSynthesizer:
    try:
        options = PiperOptions.model_validate(config.engine_kwargs)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ModelLoadError(
            f"engine_kwargs.{first['loc'][0]}: {first['msg']}; "
            f"allowed {', '.join(PiperOptions.model_fields)}."
        ) from None
    return PiperSynthesizer(resolve_speakers(config.model, config.voices), options)


def _load_voice(file: VoiceFile) -> PiperVoice:
    """Return the library's voice, for its phonemes; the graph runs in a session of ours."""
    settings = PiperConfig.from_dict(file.settings.model_dump(exclude_none=True))
    no_session: Any = None
    return PiperVoice(no_session, settings)


def _first(chosen: float | None, default: float) -> float:
    return default if chosen is None else chosen
