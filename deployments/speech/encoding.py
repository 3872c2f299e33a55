# pyright: standard
"""Turns mono samples into a file format while they are made: bytes leave with each codec frame."""

import io
import struct
from typing import Any, Protocol

import av

from deployments.samples import from_frames, make_resampler, to_frame
from wire.errors import InvalidRequestError, echo
from wire.openai.speech import OPENAI_RATE

UNKNOWN_LENGTH = 0xFFFFFFFF
"""The length in a WAV header when it is not known yet; players then read to the end."""

SPEECH_BIT_RATES = {"mp3": 96_000, "opus": 48_000, "aac": 64_000}
"""Bits/s at which a mono voice sounds like its original."""

CODECS = {
    "mp3": ("mp3", "libmp3lame"),
    "opus": ("ogg", "libopus"),
    "aac": ("adts", "aac"),
    "flac": ("flac", "flac"),
}
"""Format → container, codec."""

STREAMED = {
    "mp3": {
        "write_xing": "0",
        "id3v2_version": "0",
    },  # Xing's would be written last, at the beginning of the file
    "opus": {"page_duration": "100000"},  # microseconds; a page waits for a second by default
}
"""Options of the containers when the file leaves while it is made."""

FASTER = {"mp3": {"compression_level": "7"}, "aac": {"aac_coder": "fast"}}
"""Options of the codecs. Their defaults take 1.7 and 5 times as long, for what no voice needs."""

LAWS = {"ulaw": "pcm_mulaw", "alaw": "pcm_alaw"}
"""Telephone formats: bytes without a header."""

FORMATS = (*CODECS, "wav", "pcm", *LAWS)


class Encoder(Protocol):
    """Takes samples (mono, signed 16 bit, native order), gives the bytes of a format.

    One that is not finished is simply dropped: another thread may still be in it.
    """

    def add(self, samples: bytes) -> bytes:
        """Return what can leave now; may be nothing yet."""
        ...

    def finish(self) -> bytes:
        """Return the rest."""
        ...


def make_encoder(
    response_format: str,
    source_rate: int,
    sample_rate: int = OPENAI_RATE,
    bit_rate: int | None = None,
) -> Encoder:
    """Return the encoder of a format. ``sample_rate`` is the file's, ``source_rate`` ours."""
    if response_format in CODECS:
        rate = bit_rate or SPEECH_BIT_RATES.get(response_format)
        return ContainerEncoder(response_format, source_rate, sample_rate, rate)
    if response_format in LAWS:
        return LawEncoder(LAWS[response_format], source_rate, sample_rate)
    if response_format == "wav":
        return WavEncoder(source_rate, sample_rate)
    if response_format == "pcm":
        return PcmEncoder(source_rate, sample_rate)
    raise InvalidRequestError(
        f"'response_format': received {echo(response_format)}, allowed {', '.join(FORMATS)}.",
        "response_format",
    )


def encode_whole(
    samples: bytes,
    response_format: str,
    source_rate: int = OPENAI_RATE,
    sample_rate: int = OPENAI_RATE,
    bit_rate: int | None = None,
) -> bytes:
    """Return a finished file, with its length in the header where the format has one."""
    if response_format in CODECS:
        rate = bit_rate or SPEECH_BIT_RATES.get(response_format)
        encoder: Encoder = ContainerEncoder(
            response_format, source_rate, sample_rate, rate, sink=_File()
        )
    else:
        encoder = make_encoder(response_format, source_rate, sample_rate)
    if isinstance(encoder, WavEncoder):
        return encoder.whole(samples)
    return encoder.add(samples) + encoder.finish()


class Resampler:
    """Mono samples at one rate to mono samples at another, without a click between pieces."""

    def __init__(self, source_rate: int, sample_rate: int) -> None:
        self._source_rate = source_rate
        self._resampler = None if source_rate == sample_rate else make_resampler(sample_rate)

    def add(self, samples: bytes) -> bytes:
        """Return the samples that are complete."""
        if self._resampler is None or not samples:
            return samples
        return from_frames(self._resampler.resample(to_frame(samples, self._source_rate)))

    def finish(self) -> bytes:
        """Return the samples that waited for the next ones."""
        return from_frames(self._resampler.resample(None)) if self._resampler else b""


class PcmEncoder:
    """Samples without a header."""

    def __init__(self, source_rate: int, sample_rate: int) -> None:
        self._resampler = Resampler(source_rate, sample_rate)

    def add(self, samples: bytes) -> bytes:
        """Return them at the file's rate."""
        return self._resampler.add(samples)

    def finish(self) -> bytes:
        """Return the rest."""
        return self._resampler.finish()


class WavEncoder(PcmEncoder):
    """RIFF/WAVE, 16 bit."""

    def __init__(self, source_rate: int, sample_rate: int) -> None:
        super().__init__(source_rate, sample_rate)
        self._sample_rate = sample_rate
        self._has_header = False

    def add(self, samples: bytes) -> bytes:
        """Return them, the first time after a header that leaves the length open."""
        return self._header(None) + super().add(samples)

    def finish(self) -> bytes:
        """Return the rest."""
        rest = super().finish()
        return self._header(len(rest)) + rest

    def whole(self, samples: bytes) -> bytes:
        """Return a complete file."""
        body = super().add(samples) + super().finish()
        return self._header(len(body)) + body

    def _header(self, num_bytes: int | None) -> bytes:
        if self._has_header:
            return b""
        self._has_header = True
        riff, data = (
            (UNKNOWN_LENGTH, UNKNOWN_LENGTH) if num_bytes is None else (36 + num_bytes, num_bytes)
        )
        rate = self._sample_rate
        head = struct.pack("<4sI4s4s", b"RIFF", riff, b"WAVE", b"fmt ")
        shape = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
        return head + shape + struct.pack("<4sI", b"data", data)


class LawEncoder:
    """A-law or µ-law."""

    def __init__(self, codec: str, source_rate: int, sample_rate: int) -> None:
        self._resampler = Resampler(source_rate, sample_rate)
        self._rate = sample_rate
        self._codec: Any = av.CodecContext.create(codec, "w")
        self._codec.sample_rate = sample_rate
        self._codec.layout = "mono"
        self._codec.format = "s16"

    def add(self, samples: bytes) -> bytes:
        """Return a byte for each sample."""
        return self._encode(self._resampler.add(samples))

    def finish(self) -> bytes:
        """Return the rest."""
        return self._encode(self._resampler.finish())

    def _encode(self, samples: bytes) -> bytes:
        if not samples:
            return b""
        return b"".join(
            bytes(packet) for packet in self._codec.encode(to_frame(samples, self._rate))
        )


class _Sink:
    """The muxer's output. Like a client's connection, it cannot seek."""

    is_complete = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class _File(io.BytesIO):
    """The muxer's output when nothing leaves before the end, so that headers can be corrected."""

    is_complete = False

    def take(self) -> bytes:
        return self.getvalue() if self.is_complete else b""


class ContainerEncoder:
    """A codec in its container."""

    def __init__(
        self,
        response_format: str,
        source_rate: int,
        sample_rate: int,
        bit_rate: int | None,
        sink: "_Sink | _File | None" = None,
    ) -> None:
        container, codec = CODECS[response_format]
        self._source_rate = source_rate
        self._sink = sink or _Sink()
        is_streamed = isinstance(self._sink, _Sink)
        options = STREAMED.get(response_format, {}) if is_streamed else {}
        self._output: Any = av.open(
            self._sink, "w", format=container, options={"flush_packets": "1", **options}
        )
        allowed = av.Codec(codec, "w").audio_rates
        rate = sample_rate if not allowed or sample_rate in allowed else max(allowed)
        self._stream: Any = self._output.add_stream(
            codec, rate=rate, layout="mono", options=FASTER.get(response_format, {})
        )
        if bit_rate:
            self._stream.bit_rate = bit_rate
        if codec == "flac":
            self._stream.format = "s16"

    def add(self, samples: bytes) -> bytes:
        """Encode what fills the codec's frames."""
        if samples:
            self._output.mux(self._stream.encode(to_frame(samples, self._source_rate)))
        return self._sink.take()

    def finish(self) -> bytes:
        """Encode the rest and end the file."""
        self._output.mux(self._stream.encode(None))
        self._output.close()
        self._sink.is_complete = True
        return self._sink.take()
