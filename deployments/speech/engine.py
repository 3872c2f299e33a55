"""The engine of every speech model: takes turns between requests, encodes, tells the timing.

Knows the synthesizer's Protocol, not its library; the libraries are in ``<library>_engine.py``.
"""

import base64
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic_core import from_json, to_json

from deployments.speech.encoding import Encoder, encode_whole, make_encoder
from deployments.speech.segments import Segment, speakable
from deployments.speech.timing import Mark, character_times
from deployments.threads import Cancelled, WorkerThreads
from serve_app.errors import InvalidRequestError
from serve_app.protocol.common import Call, Reply, Usage
from serve_app.protocol.speech import SpeechCall

T = TypeVar("T")

SILENCE_S = 0.2
"""What a text without anything to speak (only emoji, say) becomes, so that the file is valid."""

ENCODER_THREADS = 2


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

    def segments(self, call: SpeechCall) -> Iterable[Segment]:
        """Return the text in pieces that can be spoken one after the other."""
        ...

    def speak(self, segment: Segment, call: SpeechCall, cancelled: Cancelled) -> Iterable[Spoken]:
        """Yield the audio of a segment; end soon when ``cancelled`` is set."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """Spoken samples and where they belong."""

    spoken: Spoken
    segment: Segment
    is_only: bool
    """Nothing came before and nothing follows."""


class SpeechEngine:
    """Speaks for many requests with one synthesizer, a segment at a time in turn."""

    def __init__(self, synthesizer: Synthesizer, max_input_chars: int) -> None:
        self._synthesizer = synthesizer
        self._max_input_chars = max_input_chars
        self._speakers = WorkerThreads(1)
        self._encoders = WorkerThreads(ENCODER_THREADS)

    async def run(self, call: Call) -> Reply:
        """Encode samples that somebody has: operation ``encode``."""
        response_format = from_json(call.body)["response_format"]
        body = await self._encoders.run(lambda _: encode_whole(call.files[0], response_format))
        return Reply(body, Usage())

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        """Speak: operations ``speech`` (bytes) and ``speech_with_timestamps`` (JSON lines)."""
        order = SpeechCall.model_validate_json(call.body)
        if len(order.input) > self._max_input_chars:
            raise InvalidRequestError(
                f"'input' has {len(order.input)} characters; this model takes up to "
                f"{self._max_input_chars}.",
                "input",
            )
        order = order.model_copy(update={"input": speakable(order.input)})
        timed = call.operation == "speech_with_timestamps"
        pieces = self._timed(order) if timed else self._encoded(order)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

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

    async def _pieces(self, order: SpeechCall) -> AsyncGenerator[Piece]:
        """Yield the audio as it is made. Between two segments others have their turn."""
        segments = iter(await self._speakers.run(lambda _: self._synthesizer.segments(order)))
        segment = next(segments, None)
        is_first = True
        while segment is not None:
            following = next(segments, None)
            whole = is_first and following is None and self._synthesizer.speaks_whole_segments
            spoken = self._speakers.stream(_speaking(self._synthesizer, segment, order))
            async with aclosing(spoken):
                async for part in spoken:
                    yield Piece(part, segment, whole)
            segment, is_first = following, False

    async def _encoded(self, order: SpeechCall) -> AsyncGenerator[bytes | Usage]:
        rate = self._synthesizer.sample_rate
        encoder = _new_encoder(order, rate)
        held: list[bytes] = []
        seconds = 0.0
        try:
            async with aclosing(self._pieces(order)) as pieces:
                async for piece in pieces:
                    samples = piece.spoken.samples
                    seconds += len(samples) / 2 / rate
                    if order.whole or piece.is_only:
                        held.append(samples)
                    elif data := await self._encode(_adding(encoder, samples)):
                        yield data
            if not seconds:
                held, seconds = [silence(rate)], SILENCE_S
            if held:
                yield await self._encode(_whole(b"".join(held), order, rate))
            else:
                yield await self._encode(encoder.finish)
        finally:
            encoder.close()
        yield Usage(characters=len(order.input), audio_seconds=round(seconds, 3))

    async def _timed(self, order: SpeechCall) -> AsyncGenerator[bytes | Usage]:
        rate = self._synthesizer.sample_rate
        seconds = 0.0
        encoder = _new_encoder(order, rate)
        try:
            async with aclosing(self._pieces(order)) as pieces:
                async for piece in pieces:
                    samples = piece.spoken.samples
                    duration = len(samples) / 2 / rate
                    text = piece.segment.text
                    times = character_times(text, piece.spoken.marks, seconds, duration)
                    seconds += duration
                    yield _line(await self._encode(_adding(encoder, samples)), times)
            if not seconds:
                seconds = SILENCE_S
                await self._encode(_adding(encoder, silence(rate)))
            yield _line(await self._encode(encoder.finish), None)
        finally:
            encoder.close()
        yield Usage(characters=len(order.input), audio_seconds=round(seconds, 3))

    async def _encode(self, work: Callable[[], T]) -> T:
        return await self._encoders.run(lambda _: work())


def silence(rate: int) -> bytes:
    """Return the samples of a short silence."""
    return bytes(2 * int(SILENCE_S * rate))


def _speaking(
    synthesizer: Synthesizer, segment: Segment, order: SpeechCall
) -> Callable[[Cancelled], Iterable[Spoken]]:
    return lambda cancelled: synthesizer.speak(segment, order, cancelled)


def _new_encoder(order: SpeechCall, rate: int) -> Encoder:
    return make_encoder(order.response_format, rate, order.sample_rate, order.bit_rate)


def _adding(encoder: Encoder, samples: bytes) -> Callable[[], bytes]:
    return lambda: encoder.add(samples)


def _whole(samples: bytes, order: SpeechCall, rate: int) -> Callable[[], bytes]:
    return lambda: encode_whole(
        samples, order.response_format, rate, order.sample_rate, order.bit_rate
    )


def _line(audio: bytes, times: object) -> bytes:
    return to_json({"audio_base64": base64.b64encode(audio).decode(), "alignment": times}) + b"\n"
