# pyright: standard
"""XTTS: audio leaves while a sentence is spoken, in voices cloned from a recording."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

import torch
from TTS.api import TTS

from deployments.samples import to_float
from deployments.speech.coqui.recording import read_recording
from deployments.speech.coqui.synthesizer import CoquiSynthesizer, as_samples, at_speed
from deployments.speech.engine import Spoken
from deployments.speech.segments import Segment, segments
from deployments.speech.voices import SpeechVoice
from deployments.threads import Cancelled
from wire.bodies import SpeechBody

SEGMENT_CHARS = 200
"""Where the model's tokenizer names no limit for a language."""

REFERENCE_RATE = 22_050
"""Sample rate of the model's input in Hz."""

INFERENCE_OPTIONS = ("temperature", "length_penalty", "repetition_penalty", "top_k", "top_p")


class XttsSynthesizer(CoquiSynthesizer):
    """An XTTS model."""

    speaks_whole_segments = False

    def __init__(
        self, tts: TTS, voices: Mapping[str, SpeechVoice], inference: Mapping[str, Any]
    ) -> None:
        super().__init__(tts, voices)
        config = self._model.config
        self._inference = {name: config[name] for name in INFERENCE_OPTIONS} | dict(inference)
        self._conditioning: dict[str, tuple[Any, Any]] = {}

    def segments(self, body: SpeechBody) -> Iterable[Segment]:
        """Return the text in sentences, none longer than the model's limit for the language."""
        language = self._language(body, self._voices[body.voice]) or ""
        limits = self._model.tokenizer.char_limits
        most = limits.get(language.split("-")[0], SEGMENT_CHARS)
        return segments(body.input, most, one_sentence=True)

    def speak(self, segment: Segment, body: SpeechBody, cancelled: Cancelled) -> Iterable[Spoken]:
        """Yield the sentence's audio in chunks of some tokens."""
        if not any(char.isalnum() for char in segment.text):
            return
        torch.manual_seed(body.seed)
        pieces = self._chunks(segment, body, cancelled)
        yield from at_speed(pieces, self.sample_rate, body.speed)

    def _chunks(self, segment: Segment, body: SpeechBody, cancelled: Cancelled) -> Generator[bytes]:
        voice = self._voices[body.voice]
        latents, embedding = self._conditions(voice)
        chunks = self._model.inference_stream(
            segment.text, self._language(body, voice), latents, embedding, **self._inference
        )
        for chunk in chunks:
            if cancelled.is_set():
                return
            yield as_samples(chunk.float().cpu())

    def _conditions(self, voice: SpeechVoice) -> tuple[Any, Any]:
        """Return the model's embedding of a voice, computed once and cached."""
        if voice.id not in self._conditioning:
            if voice.reference_audio:
                self._conditioning[voice.id] = self._compute_latents(voice.reference_audio)
            else:
                known = self._model.speaker_manager.speakers[self._speaker(voice)]
                self._conditioning[voice.id] = tuple(known.values())
        return self._conditioning[voice.id]

    def _compute_latents(self, paths: Sequence[str]) -> tuple[Any, Any]:
        """Return the latents of recordings, as the model's own ``get_conditioning_latents`` does.

        That method reads files with an FFmpeg that the machine may not have.
        """
        config = self._model.config
        longest = config.max_ref_len * REFERENCE_RATE
        recordings = [
            torch.from_numpy(to_float(read_recording(path, REFERENCE_RATE)))[None, :longest].to(
                self._model.device
            )
            for path in paths
        ]
        embeddings = [
            self._model.get_speaker_embedding(each, REFERENCE_RATE) for each in recordings
        ]
        latents = self._model.get_gpt_cond_latents(
            torch.cat(recordings, dim=-1),
            REFERENCE_RATE,
            length=config.gpt_cond_len,
            chunk_length=config.gpt_cond_chunk_len,
        )
        return latents, torch.stack(embeddings).mean(dim=0)
