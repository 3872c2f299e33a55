# pyright: standard
"""Mono samples of signed 16 bits, the form in which all audio is held here, to and from others."""

from collections.abc import Iterable
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

BYTES_PER_SAMPLE = 2


def make_resampler(sample_rate: int) -> AudioResampler:
    """Return FFmpeg's converter of frames of any form to such samples."""
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
