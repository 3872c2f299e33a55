# pyright: standard
"""The faster-whisper engine: Whisper on CTranslate2, and Silero's voice detection.

Each request is decoded and transcribed in a thread, which stops at the next segment when the
client has left.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from inspect import signature
from typing import Any, ClassVar

import numpy as np
from faster_whisper import WhisperModel
from numpy.typing import NDArray
from pydantic_core import to_json

from deployments.base import OperationEngine
from deployments.config import resolve_model
from deployments.decoding import SAMPLE_RATE, decode, from_samples
from deployments.threads import Cancelled, WorkerThreads
from deployments.transcriptions.config import TranscriptionsConfig
from deployments.transcriptions.faster_whisper.batches import BatchedWhisper
from deployments.transcriptions.faster_whisper.transcript import Piece, Transcript
from deployments.transcriptions.faster_whisper.vad import check_vad_parameters, speech_segments
from wire.bodies import AudioBody, TranscriptionBody
from wire.calls import Call, Operation, Reply, Usage
from wire.errors import InvalidRequestError, ModelLoadError

OF_THE_REQUEST = {"self", "audio", "task", "initial_prompt", "word_timestamps", "log_progress"}
"""Arguments of ``transcribe`` that only a request may set."""


class FasterWhisperEngine(OperationEngine):
    """A loaded Whisper model."""

    def __init__(self, model: WhisperModel, config: TranscriptionsConfig) -> None:
        self.model = model
        self._config = config
        num_workers, max_size = config.engine_kwargs.get("num_workers", 1), config.max_batch_size
        if max_size > 1:
            model.model = BatchedWhisper(model.model, num_passes=num_workers, max_size=max_size)
        self._threads = WorkerThreads(num_workers * max_size, num_spare=1)

    @classmethod
    async def load(cls, config: TranscriptionsConfig) -> "FasterWhisperEngine":
        """Load the model, downloading it where ``model`` is a name of the hub.

        Raises:
            ModelLoadError: the model or its options are wrong.
        """
        _check_transcribe_kwargs(config.transcribe_kwargs)
        path = resolve_model(config.model)
        try:
            model = await asyncio.to_thread(WhisperModel, path, **config.engine_kwargs)
        except (OSError, ValueError, RuntimeError, TypeError) as error:
            reason = " ".join(str(error).split())
            raise ModelLoadError(
                f"faster-whisper cannot load '{config.model}': {reason}"
            ) from error
        if config.transcribe_kwargs:
            await asyncio.to_thread(_try_transcribe_kwargs, model, config.transcribe_kwargs)
        return cls(model, config)

    async def transcribe(self, body: TranscriptionBody, call: Call) -> Reply:
        """Return the transcript of a recording."""
        answer, usage = await self._threads.run(
            lambda cancelled: self._transcribe(body, call, cancelled)
        )
        return Reply(_json(answer), usage)

    async def transcribe_in_pieces(
        self, body: TranscriptionBody, call: Call
    ) -> AsyncGenerator[bytes | Usage]:
        """Yield one JSON a segment as it is decoded, one of the whole, and the usage."""
        work = self._threads.stream(lambda cancelled: self.pieces(body, call, cancelled))
        async with aclosing(work) as pieces:
            async for piece in pieces:
                yield piece if isinstance(piece, Usage) else _json(piece)

    async def detect_voice(self, body: AudioBody, call: Call) -> Reply:
        """Return where a recording has speech."""
        answer, usage = await self._threads.run(lambda cancelled: self._vad(body, call, cancelled))
        return Reply(_json(answer), usage)

    whole: ClassVar = {Operation.TRANSCRIPTION: transcribe, Operation.VAD: detect_voice}
    streamed: ClassVar = {Operation.TRANSCRIPTION: transcribe_in_pieces}

    def num_unfinished(self) -> int:
        """Return how many requests run or wait."""
        return self._threads.num_unfinished()

    async def check_health(self) -> None:
        """Do nothing: the library works in this process and dies with it."""

    async def close(self) -> None:
        """End the threads."""
        self._threads.close()

    def _transcribe(
        self, body: TranscriptionBody, call: Call, cancelled: Cancelled
    ) -> tuple[dict[str, Any], Usage]:
        *pieces, usage = self.pieces(body, call, cancelled)
        *segments, whole = (piece for piece in pieces if isinstance(piece, dict))
        words = [word for segment in segments for word in segment.pop("words")]
        assert isinstance(usage, Usage)
        return {**whole, "segments": segments, "words": words}, usage

    def pieces(self, body: TranscriptionBody, call: Call, cancelled: Cancelled) -> Iterator[Piece]:
        """Yield the segments of a recording, the whole and the usage; blocks."""
        _check_languages(body, self.model.supported_languages)
        audio = self._audio(body, call, cancelled)
        return Transcript(self.model, self._config, body).pieces(audio, cancelled)

    def _vad(
        self, body: AudioBody, call: Call, cancelled: Cancelled
    ) -> tuple[dict[str, Any], Usage]:
        audio = self._audio(body, call, cancelled)
        segments = speech_segments(audio, body.vad_parameters, cancelled)
        return {"segments": segments}, Usage(audio_seconds=len(audio) / SAMPLE_RATE)

    def _audio(self, body: AudioBody, call: Call, cancelled: Cancelled) -> NDArray[np.int16]:
        (data,) = call.files
        if body.encoding == "file":
            return decode(data, self._config.max_audio_seconds, cancelled)
        return from_samples(data, body.encoding, self._config.max_audio_seconds)


def _json(answer: dict[str, Any]) -> bytes:
    return to_json(answer, inf_nan_mode="null")


def _check_languages(body: TranscriptionBody, known: Sequence[str]) -> None:
    """Refuse languages that the model does not know.

    Raises:
        InvalidRequestError: names the parameter and what is allowed.
    """
    named = [("language", body.language), *(("languages", one) for one in body.languages)]
    for param, language in named:
        if language is not None and language not in known:
            raise InvalidRequestError(
                f"'{param}': the model does not know '{language}'. Allowed: {', '.join(known)}.",
                param,
            )


def _check_transcribe_kwargs(options: dict[str, Any]) -> None:
    allowed = set(signature(WhisperModel.transcribe).parameters) - OF_THE_REQUEST
    for name in options:
        if name not in allowed:
            raise ModelLoadError(
                f"transcribe_kwargs: '{name}' is not one of {', '.join(sorted(allowed))}."
            )


def _try_transcribe_kwargs(model: WhisperModel, options: dict[str, Any]) -> None:
    """Transcribe a moment of silence: wrong values fail only when they are used."""
    silence = np.zeros(SAMPLE_RATE // 10, np.float32)
    try:
        check_vad_parameters(silence, options.get("vad_parameters"))
        segments, _ = model.transcribe(silence, **{**options, "vad_filter": False})
        for _ in segments:
            pass
    except (TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise ModelLoadError(f"transcribe_kwargs: {reason}") from error
