"""The engine of every speech model: gives requests their turns, encodes, and reports the timing.

The libraries are behind the Protocol ``Synthesizer``, each in its folder.
"""

import base64
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import ClassVar, Protocol

from pydantic_core import to_json

from deployments.base import OperationEngine
from deployments.speech.encoding import encode_whole, make_encoder
from deployments.speech.segments import Segment, speakable
from deployments.speech.timing import Mark, character_times
from deployments.threads import Cancelled, WorkerThreads
from wire.bodies import EncodeSpeechBody, SpeechBody
from wire.calls import Call, Operation, Reply, Usage
from wire.errors import InvalidRequestError

SILENCE_S = 0.2
"""Silence for a text with nothing to speak (only emoji, say), so that the file is valid."""

ENCODER_THREADS = 2

LONGEST_HELD_S = 600
"""Seconds of audio, 26 MB, that a request may hold back so that the header has the true length."""

ENCODED_AT_ONCE_S = 2
"""Seconds of audio: what is encoded leaves before the rest of a long segment is."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """Samples (mono, signed 16 bit) of a segment or of a part of it."""

    samples: bytes
    marks: tuple[Mark, ...] = ()


class Synthesizer(Protocol):
    """A speech library. Its ``speak`` runs in the one thread that may use the library."""

    sample_rate: int
    speaks_whole_segments: bool
    """``speak`` yields once a segment."""

    def segments(self, body: SpeechBody) -> Iterable[Segment]:
        """Return the text in pieces that can be spoken one after the other."""
        ...

    def speak(self, segment: Segment, body: SpeechBody, cancelled: Cancelled) -> Iterable[Spoken]:
        """Yield the audio of a segment; end soon when ``cancelled`` is set."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples of a segment; at its end one more without any."""

    samples: bytes
    segment: Segment
    marks: tuple[Mark, ...] = ()
    is_end: bool = False
    is_only: bool = False
    """No other segment came before and none follows: the file's length is known."""


class SpeechEngine(OperationEngine):
    """Speaks for many requests with one synthesizer, a segment at a time in turn."""

    def __init__(self, synthesizer: Synthesizer, max_input_chars: int) -> None:
        self._synthesizer = synthesizer
        self._max_input_chars = max_input_chars
        self._speakers = WorkerThreads(1)
        self._encoders = WorkerThreads(ENCODER_THREADS, num_spare=1)

    async def encode(self, body: EncodeSpeechBody, call: Call) -> Reply:
        """Return samples that are already there as a file."""
        data = await self._encoders.run(lambda _: encode_whole(call.files[0], body.response_format))
        return Reply(data, Usage())

    def speak(self, body: SpeechBody, _: Call) -> AsyncGenerator[bytes | Usage]:
        """Yield a sound file while it is made."""
        return self._stream_file(self._speakable(body))

    def speak_with_timestamps(self, body: SpeechBody, _: Call) -> AsyncGenerator[bytes | Usage]:
        """Yield lines of JSON: the next piece of the sound file, and when its characters sound."""
        return self._stream_with_times(self._speakable(body))

    whole: ClassVar = {Operation.ENCODE_SPEECH: encode}
    streamed: ClassVar = {
        Operation.SPEECH: speak,
        Operation.SPEECH_WITH_TIMESTAMPS: speak_with_timestamps,
    }

    def _speakable(self, body: SpeechBody) -> SpeechBody:
        """Return the body with the text in a form that every library can speak.

        Raises:
            InvalidRequestError: the text is too long.
        """
        if len(body.input) > self._max_input_chars:
            raise InvalidRequestError(
                f"'input' has {len(body.input)} characters; this model takes up to "
                f"{self._max_input_chars}.",
                "input",
            )
        return body.model_copy(update={"input": speakable(body.input)})

    def num_unfinished(self) -> int:
        """Return how much work runs or waits in the threads."""
        return self._speakers.num_unfinished() + self._encoders.num_unfinished()

    async def check_health(self) -> None:
        """A library in a thread is as healthy as its process."""

    async def close(self) -> None:
        """End the threads and free the model."""
        self._speakers.close()
        self._encoders.close()
        self._synthesizer.close()

    async def _pieces(self, body: SpeechBody) -> AsyncGenerator[Piece]:
        """Yield the audio as it is made. Between two segments others have their turn."""
        segments = iter(self._synthesizer.segments(body))
        segment = next(segments, None)
        is_first = True
        while segment is not None:
            following = next(segments, None)
            is_only = is_first and following is None and self._synthesizer.speaks_whole_segments
            marks: tuple[Mark, ...] = ()
            parts = self._speakers.stream(_bind_segment(self._synthesizer, segment, body))
            async with aclosing(parts):
                async for part in parts:
                    marks += part.marks
                    yield Piece(part.samples, segment, is_only=is_only)
            yield Piece(b"", segment, marks, is_end=True)
            segment, is_first = following, False

    async def _stream_file(self, body: SpeechBody) -> AsyncGenerator[bytes | Usage]:
        file = _File(body, self._synthesizer.sample_rate, self._encoders)
        async with aclosing(self._pieces(body)) as pieces:
            async for piece in pieces:
                async for data in file.add(piece.samples, is_held=piece.is_only):
                    yield data
        if rest := await file.finish():
            yield rest
        yield Usage(characters=len(body.input), audio_seconds=round(file.seconds, 3))

    async def _stream_with_times(self, body: SpeechBody) -> AsyncGenerator[bytes | Usage]:
        file = _File(body, self._synthesizer.sample_rate, self._encoders)
        began, ready = 0.0, b""
        async with aclosing(self._pieces(body)) as pieces:
            async for piece in pieces:
                async for data in file.add(piece.samples):
                    ready += data
                if piece.is_end:
                    text, length = piece.segment.text, file.seconds - began
                    yield _line(ready, character_times(text, piece.marks, began, length))
                    began, ready = file.seconds, b""
        yield _line(await file.finish(), None)
        yield Usage(characters=len(body.input), audio_seconds=round(file.seconds, 3))


class _File:
    """The file of one request, while it grows."""

    def __init__(self, body: SpeechBody, rate: int, threads: WorkerThreads) -> None:
        self._body = body
        self._rate = rate
        self._threads = threads
        self._encoder = make_encoder(body.response_format, rate, body.sample_rate, body.bit_rate)
        self._held: list[bytes] = []
        self.seconds = 0.0

    async def add(self, samples: bytes, *, is_held: bool = False) -> AsyncGenerator[bytes]:
        """Yield what can leave. Held samples wait for the end, where their length is known."""
        if not samples:
            return
        self.seconds += len(samples) / 2 / self._rate
        if (is_held or self._body.whole) and self.seconds <= LONGEST_HELD_S:
            self._held.append(samples)
            return
        samples, self._held = b"".join([*self._held, samples]), []
        step = 2 * self._rate * ENCODED_AT_ONCE_S
        for start in range(0, len(samples), step):
            part = samples[start : start + step]
            if data := await self._threads.run(lambda _, part=part: self._encoder.add(part)):
                yield data

    async def finish(self) -> bytes:
        """Return the rest of the file, or all of it. Without any sound it is a short silence."""
        if not self.seconds:
            self._held = [bytes(2 * int(SILENCE_S * self._rate))]
            self.seconds = SILENCE_S
        if self._held:
            return await self._threads.run(lambda _: self._encode_whole())
        return await self._threads.run(lambda _: self._encoder.finish())

    def _encode_whole(self) -> bytes:
        body, samples = self._body, b"".join(self._held)
        return encode_whole(
            samples, body.response_format, self._rate, body.sample_rate, body.bit_rate
        )


def _bind_segment(
    synthesizer: Synthesizer, segment: Segment, body: SpeechBody
) -> Callable[[Cancelled], Iterable[Spoken]]:
    return lambda cancelled: synthesizer.speak(segment, body, cancelled)


def _line(audio: bytes, times: object) -> bytes:
    encoded = base64.b64encode(audio).decode()
    line = {"audio_base64": encoded, "alignment": times, "normalized_alignment": times}
    return to_json(line) + b"\n"
