# pyright: standard
"""Mono samples of signed 16 bits, the form in which all audio is held here, to and from others."""

from collections.abc import Iterable
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

BYTES_PER_SAMPLE = 2
BLOCKS_A_SECOND = 10
"""In each of which the channels cancel or do not."""
CANCELLED = 0.25
"""Share of the energy that unrelated channels would leave in their mean: with less, they cancel."""
SIMILAR = 0.25
"""Share of the loudest channel's energy that another needs to stand for all."""


def make_resampler(sample_rate: int) -> AudioResampler:
    """Return FFmpeg's converter of frames of one channel to such samples."""
    return AudioResampler(format="s16", layout="mono", rate=sample_rate)


def to_frame(samples: bytes, sample_rate: int) -> AudioFrame:
    """Return FFmpeg's frame of samples."""
    num_samples = len(samples) // BYTES_PER_SAMPLE
    frame = av.AudioFrame(format="s16", layout="mono", samples=num_samples, align=1)
    frame.planes[0].update(samples)
    frame.sample_rate = sample_rate
    return frame


def from_frames(frames: Iterable[AudioFrame]) -> bytes:
    """Return the samples of FFmpeg's frames, whose buffers are longer than what is in them."""
    return b"".join(bytes(each.planes[0])[: BYTES_PER_SAMPLE * each.samples] for each in frames)


def to_float(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return numbers between -1 and 1."""
    return samples.astype(np.float32) / np.float32(32768)


def from_float(waveform: NDArray[Any]) -> NDArray[np.int16]:
    """Return the samples of numbers between -1 and 1; what is beyond is clipped."""
    return (np.clip(waveform, -1, 1) * 32767).astype(np.int16)


class Downmixer:
    """Converts frames of any form, which may change within a stream, to such samples."""

    def __init__(self, sample_rate: int) -> None:
        self._sample_rate = sample_rate
        self._source: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def add(self, frame: AudioFrame) -> bytes:
        """Return what the frame adds."""
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        rest = b"" if source == self._source else self.flush()
        if self._resampler is None:
            self._source = source
            layout, block = _layout_for_mixing(frame), self._sample_rate // BLOCKS_A_SECOND
            self._resampler = AudioResampler("s16", layout, self._sample_rate, block)
        frame.pts = None  # the resampler would fill gaps in time, which differs between formats
        return rest + self._mix(self._resampler.resample(frame))

    def flush(self) -> bytes:
        """Return what the resampler has kept, and start again."""
        rest = self._mix(self._resampler.resample(None)) if self._resampler else b""
        self._resampler = self._source = None
        return rest

    def _mix(self, frames: Iterable[AudioFrame]) -> bytes:
        return b"".join(_mix_channels(_channels(each)).tobytes() for each in frames)


def _layout_for_mixing(frame: AudioFrame) -> str | AudioLayout:
    """Return the layout for our own mixing: all channels where FFmpeg has no weights for them.

    For channels without names it would guess places, and drop the one for low frequencies.
    """
    if frame.layout.nb_channels <= 2:
        return "mono" if frame.layout.nb_channels == 1 else "stereo"
    has_names = (
        not frame.layout.name.startswith("ambisonic") and "channels" not in frame.layout.name
    )
    return "stereo" if has_names else frame.layout


def _channels(frame: AudioFrame) -> NDArray[np.int16]:
    """Return the channels (C, T) of a frame whose format is packed: PyAV has room for 8 planes."""
    samples: NDArray[Any] = frame.to_ndarray()
    return samples.reshape(-1, frame.layout.nb_channels).T


def _mix_channels(channels: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the mean of the channels (C, T), or one of them where they cancel.

    They do when one is inverted, by a wrong cable for instance: the mean is silence.
    """
    if len(channels) == 1:
        return channels[0]
    mean = channels.mean(axis=0, dtype=np.float32)
    energies = np.square(channels, dtype=np.float32).sum(axis=1)
    if np.square(mean).sum() < CANCELLED * energies.sum() / len(channels) ** 2:
        # The first that will do, so that neighbouring frames take the same.
        return channels[np.argmax(energies >= SIMILAR * energies.max())]
    return mean.round().astype(np.int16)
