# pyright: standard
"""Decodes an upload to the input of speech models: 16 kHz, one channel, in bounded memory.

FFmpeg reads it (through PyAV), with everything disabled that is not needed: only containers with
their own audio, only audio decoders, no protocols.
"""

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from typing import Literal

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.codec.codec import UnknownCodecError
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from deployments.samples import BYTES_PER_SAMPLE, from_float, from_frames, make_resampler
from deployments.threads import Cancelled
from wire.errors import InvalidRequestError

SAMPLE_RATE = 16_000
MIN_SOURCE_RATE, MAX_SOURCE_RATE = 1_000, 1_000_000
"""No recorder works outside this range; such a rate in a header turns bytes into gigabytes."""
PROBE_BYTES = 5_000_000
MAX_STREAMS = 64

DEMUXERS = (
    "3dostr,aa,aac,ac3,ac4,ace,aiff,aix,alp,amr,amrnb,amrwb,ape,apm,aptx,asf,ast,au,avi,avr,binka,"
    "bonk,caf,daud,dsf,dss,dts,dtshd,dv,eac3,flac,flv,fsb,g722,g729,gsm,gxf,iff,ircam,ivf,kux,lc3,"
    "live_flv,loas,matroska,mca,mlp,mmf,mov,mp3,mp4,mpc,mpc8,mpeg,mpegts,mtaf,mxf,nistsphere,nsv,"
    "nut,ogg,oma,osq,paf,pvf,qcp,qoa,rka,rm,rso,sbc,sds,shn,sln,sox,spdif,tak,truehd,tta,ty,voc,"
    "vqf,w64,wav,wavarc,webm,wsd,wtv,wv,xa,xwma"
)
"""FFmpeg's readers of containers with sound. Not among them: playlists, lists of other files,
devices, images and subtitles, which read files that the upload names."""

CORRUPT = "the file is damaged or is not audio that can be read"


def decode(data: bytes, max_seconds: float, cancelled: Cancelled) -> NDArray[np.int16]:
    """Return the first audio stream of the file, as far as it can be decoded.

    A truncated file gives what it holds.

    Raises:
        InvalidRequestError: it has no sound, is in an unknown format, or is too long.
    """
    samples = bytearray()  # grows in place; pieces would be in memory twice when they are joined
    for piece in _pieces(data, max_seconds, cancelled):
        samples += piece
        if len(samples) > max_seconds * SAMPLE_RATE * BYTES_PER_SAMPLE:
            raise _too_long(max_seconds)
    if not samples:
        raise _bad(CORRUPT)
    return np.frombuffer(samples, np.int16)


def from_samples(
    data: bytes, encoding: Literal["f32le", "s16le"], max_seconds: float
) -> NDArray[np.int16]:
    """Return audio that came without a container, at 16 kHz in one channel."""
    kind = np.dtype("<f4" if encoding == "f32le" else "<i2")
    num_samples = len(data) // kind.itemsize
    if not num_samples:
        raise _bad(CORRUPT)
    if num_samples > max_seconds * SAMPLE_RATE:
        raise _too_long(max_seconds)
    samples = np.frombuffer(data, kind, num_samples)
    if encoding == "s16le":
        return samples.astype(np.int16)
    return from_float(samples)


def _pieces(data: bytes, max_seconds: float, cancelled: Cancelled) -> Iterator[bytes]:
    try:
        with av.open(BytesIO(data), "r", options=_options(), metadata_errors="ignore") as container:
            resampler = _Resampler(max_seconds)
            for frame in _frames(container, cancelled):
                yield resampler.resample(frame)
            yield resampler.flush()
    except (FFmpegError, ValueError, OverflowError, LookupError, MemoryError) as error:
        raise _bad(CORRUPT) from error


@cache
def _options() -> dict[str, str]:
    return {
        "format_whitelist": DEMUXERS,
        "protocol_whitelist": "none",
        # Opening a file makes FFmpeg decode the beginning of its pictures too, unless it may not.
        "codec_whitelist": ",".join(sorted(_audio_decoders())),
        "probesize": str(PROBE_BYTES),
        "max_streams": str(MAX_STREAMS),
    }


def _audio_decoders() -> Iterator[str]:
    for name in av.codecs_available:
        try:
            codec = av.Codec(name, "r")
        except UnknownCodecError:  # it can only be written
            continue
        if codec.type == "audio":
            yield name


def _frames(container: InputContainer, cancelled: Cancelled) -> Iterator[AudioFrame]:
    """Decode the first audio stream, skipping damaged packets."""
    if not container.streams.audio:
        raise _bad("the file has no audio")
    stream = container.streams.audio[0]
    if stream.codec_context is None:  # pyright: ignore[reportUnnecessaryComparison]
        raise _bad("its audio is in a codec that cannot be read")
    stream.codec_context.thread_count = 1  # each transcription runs in its own thread
    packets = container.demux(stream)
    while not cancelled.is_set():
        try:
            packet = next(packets, None)
        except FFmpegError:  # the file is truncated
            return
        if packet is None:
            return
        try:
            yield from packet.decode()  # pyright: ignore[reportReturnType]
        except FFmpegError:
            continue


class _Resampler:
    """Resamples frames, whose format may change within a stream."""

    def __init__(self, max_seconds: float) -> None:
        self._max_seconds = max_seconds
        self._source: tuple[str, str, int] | None = None
        self._resampler = make_resampler(SAMPLE_RATE)

    def resample(self, frame: AudioFrame) -> bytes:
        """Return what the frame adds."""
        if not MIN_SOURCE_RATE <= frame.sample_rate <= MAX_SOURCE_RATE:
            raise _bad(f"its sample rate of {frame.sample_rate} Hz cannot be right")
        if frame.samples / frame.sample_rate > self._max_seconds:
            raise _too_long(self._max_seconds)
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        rest = self.flush() if self._source not in (None, source) else b""
        self._source = source
        frame.pts = None  # gaps and jumps in time are ignored
        return rest + from_frames(self._resampler.resample(frame))

    def flush(self) -> bytes:
        """Return what the resampler has kept, and start again."""
        rest = from_frames(self._resampler.resample(None)) if self._source is not None else b""
        self._resampler = make_resampler(SAMPLE_RATE)
        self._source = None
        return rest


def _bad(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"'file': {problem}.", "file")


def _too_long(max_seconds: float) -> InvalidRequestError:
    return _bad(f"the audio is longer than the {max_seconds:g} seconds that this model accepts")
