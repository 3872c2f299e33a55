# pyright: standard
"""Decodes an upload to the input of speech models: 16 kHz, one channel, in bounded memory.

FFmpeg reads it (through PyAV), with everything disabled that is not needed: only containers with
their own audio, only audio decoders, no protocols.
"""

from collections.abc import Iterator
from functools import cache
from typing import Literal

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.codec.codec import UnknownCodecError
from av.container import InputContainer
from av.error import FFmpegError
from av.format import Flags
from numpy.typing import NDArray

from deployments.audio_headers import open_to_end
from deployments.samples import BYTES_PER_SAMPLE, Downmixer, from_float
from deployments.threads import Cancelled
from wire.errors import InvalidRequestError

SAMPLE_RATE = 16_000
MIN_SOURCE_RATE, MAX_SOURCE_RATE = 1_000, 1_000_000
"""No recorder works outside this range; such a rate in a header turns bytes into gigabytes."""
PROBE_BYTES = 5_000_000
MAX_STREAMS = 64
MIN_GAP_S = 0.1
"""Times are rounded, and recorders' clocks drift: a shorter gap is none."""
MAX_JUMP_S = 10
"""A longer one, in a format whose times may jump, is a jump: FFmpeg's own limit."""

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
INCOMPLETE = "the file is incomplete: its index ('moov') is missing, which is often at the end"


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
        raise _bad("there is no audio in it that can be read")
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
        file = open_to_end(data)
        with av.open(file, "r", options=_options(), metadata_errors="ignore") as container:
            clock, mixer = _Clock(container, max_seconds), Downmixer(SAMPLE_RATE)
            for frame in _frames(container, cancelled):
                _check(frame, max_seconds)
                if missing := clock.silence_before(frame):
                    yield mixer.flush()
                    yield from _silence(missing)
                yield mixer.add(frame)
            yield mixer.flush()
    except (FFmpegError, ValueError, OverflowError, LookupError, MemoryError) as error:
        is_incomplete = data[4:8] == b"ftyp" and b"moov" not in data
        raise _bad(INCOMPLETE if is_incomplete else CORRUPT) from error


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
    """Decode the first audio stream with a known codec, skipping damaged packets."""
    if not container.streams.audio:
        raise _bad("the file has no audio")
    stream = next(filter(_has_decoder, container.streams.audio), None)
    if stream is None:
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


def _has_decoder(stream: AudioStream) -> bool:
    return stream.codec_context is not None  # pyright: ignore[reportUnnecessaryComparison]


class _Clock:
    """Compares the times in a file with how much of it has been returned.

    Sound may begin later than the pictures, pause, or lack damaged parts.
    """

    def __init__(self, container: InputContainer, max_seconds: float) -> None:
        self._max_seconds = max_seconds
        # FFmpeg's mark of formats that are cut out of broadcasts: their times begin and jump at
        # random. In all others, 0 is the beginning of the file.
        self._is_cut = bool(container.format.flags & Flags.ts_discont.value)
        self._time = (container.start_time or 0) / av.time_base if self._is_cut else 0.0
        self._length = 0.0

    def silence_before(self, frame: AudioFrame) -> float:
        """Return the seconds without sound before the next frame."""
        gap = 0.0 if frame.time is None else frame.time - self._time
        silence = gap if MIN_GAP_S <= gap <= self._max_gap() else 0.0
        if abs(gap) >= MIN_GAP_S:
            self._time += gap
        seconds = frame.samples / frame.sample_rate
        self._time += seconds
        self._length += silence + seconds
        return silence

    def _max_gap(self) -> float:
        return MAX_JUMP_S if self._is_cut and self._length else self._max_seconds - self._length


def _check(frame: AudioFrame, max_seconds: float) -> None:
    if not MIN_SOURCE_RATE <= frame.sample_rate <= MAX_SOURCE_RATE:
        raise _bad(f"its sample rate of {frame.sample_rate} Hz cannot be right")
    if frame.samples / frame.sample_rate > max_seconds:
        raise _too_long(max_seconds)


def _silence(seconds: float) -> Iterator[bytes]:
    """Yield silence second by second: all at once would be in memory twice."""
    second = bytes(SAMPLE_RATE * BYTES_PER_SAMPLE)
    whole, part = divmod(round(seconds * SAMPLE_RATE), SAMPLE_RATE)
    for _ in range(whole):
        yield second
    yield bytes(part * BYTES_PER_SAMPLE)


def _bad(problem: str) -> InvalidRequestError:
    return InvalidRequestError(f"'file': {problem}.", "file")


def _too_long(max_seconds: float) -> InvalidRequestError:
    return _bad(f"the audio is longer than the {max_seconds:g} seconds that this model accepts")
