# pyright: standard
"""One transcription by faster-whisper: from decoded audio to segments in OpenAI's shape."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.transcribe import Segment
from numpy.typing import NDArray

from deployments.decoding import SAMPLE_RATE
from deployments.threads import Cancelled
from deployments.transcriptions.config import TranscriptionsConfig
from deployments.transcriptions.parts import parts
from wire.bodies import TranscriptionBody
from wire.calls import Usage

FRAMES_PER_SECOND = 100
"""Of Whisper's features; ``seek`` counts them."""
CARRIED_CHARS = 300
"""Of the text so far, given to the next part as its prompt. The library keeps 223 tokens of it."""

Piece = dict[str, Any] | Usage


class Transcript:
    """The transcript of one request's audio."""

    def __init__(
        self, model: WhisperModel, config: TranscriptionsConfig, body: TranscriptionBody
    ) -> None:
        self._model = model
        self._body = body
        self._options = _options(config, body)
        # Once it is known, the whole is transcribed in it.
        self._language: str | None = self._options.pop("language", None)
        self._detected = ("en", 1.0)
        self._text = ""
        self._num_segments = 0
        self._num_tokens = 0
        self._num_prompt_tokens = _num_prompt_tokens(model, body.prompt)

    def pieces(self, audio: NDArray[np.int16], cancelled: Cancelled) -> Iterator[Piece]:
        """Yield each segment as it is decoded, then the fields of the whole, then the usage."""
        duration = len(audio) / SAMPLE_RATE
        for offset, part in parts(audio):
            if cancelled.is_set():
                break
            for segment in self._segments(part):
                if cancelled.is_set():
                    break
                yield self._piece(segment, offset, duration)
        yield self._result(duration)
        yield Usage(self._num_prompt_tokens, self._num_tokens, audio_seconds=duration)

    def _segments(self, part: NDArray[np.float32]) -> Iterator[Segment]:
        segments, info = self._model.transcribe(
            part,
            language=self._language or self._detect_language(part),
            initial_prompt=self._text[-CARRIED_CHARS:] or self._body.prompt or None,
            **self._options,
        )
        self._detected = (info.language, float(info.language_probability))
        if info.duration_after_vad > 0:  # silence has no language
            self._language = info.language
        yield from segments

    def _detect_language(self, part: NDArray[np.float32]) -> str | None:
        """Return the likeliest of the languages that the request names, if it names any."""
        candidates = self._body.languages
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        _, _, probabilities = self._model.detect_language(part)
        by_language = dict(probabilities)
        return max(candidates, key=lambda code: by_language.get(code, 0.0))

    def _piece(self, segment: Segment, offset: float, duration: float) -> dict[str, Any]:
        """Return a segment in OpenAI's shape, with its words. Times never pass the audio's end."""

        def time(seconds: float) -> float:
            return round(min(offset + float(seconds), duration), 3)

        self._num_segments += 1
        self._num_tokens += len(segment.tokens)
        self._text += segment.text
        return {
            "id": self._num_segments - 1,
            "seek": segment.seek + int(offset * FRAMES_PER_SECOND),
            "start": time(segment.start),
            "end": time(segment.end),
            "text": segment.text,
            "tokens": segment.tokens,
            "temperature": segment.temperature,
            "avg_logprob": segment.avg_logprob,
            "compression_ratio": segment.compression_ratio,
            "no_speech_prob": segment.no_speech_prob,
            "words": [
                {
                    "word": word.word.strip(),
                    "start": time(word.start),
                    "end": time(word.end),
                    "probability": float(word.probability),
                }
                for word in segment.words or ()
            ],
        }

    def _result(self, duration: float) -> dict[str, Any]:
        language, probability = self._detected
        return {
            "text": self._text.strip(),
            "task": self._body.task,
            "language": language,
            "language_probability": probability,
            "duration": duration,
            "prompt_tokens": self._num_prompt_tokens,
            "completion_tokens": self._num_tokens,
        }


def _num_prompt_tokens(model: WhisperModel, prompt: str | None) -> int:
    """Return how many tokens of the prompt the library reads: its last, up to half a window."""
    num_tokens = len(model.hf_tokenizer.encode(prompt or "", add_special_tokens=False).ids)
    return min(num_tokens, model.max_length // 2 - 1)


def _options(config: TranscriptionsConfig, body: TranscriptionBody) -> dict[str, Any]:
    """Return the library's options: the model's defaults, and over them what the request says."""
    options: dict[str, Any] = {"vad_filter": config.vad_filter, **config.transcribe_kwargs}
    options["task"] = body.task
    options["word_timestamps"] = body.word_timestamps
    if body.language is not None or body.languages:
        options["language"] = body.language
    if body.temperature:
        options["temperature"] = body.temperature
    if body.keywords:
        options["hotwords"] = ", ".join(body.keywords)
    if body.vad_filter is not None:
        options["vad_filter"] = body.vad_filter
    if body.vad_parameters:
        options["vad_filter"] = True
        options["vad_parameters"] = {**options.get("vad_parameters", {}), **body.vad_parameters}
    return options
