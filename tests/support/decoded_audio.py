# pyright: standard
"""What tests hear of an audio file: how long it is, how loud, how high."""

import io
from dataclasses import dataclass

import av
import numpy as np
from av.audio.resampler import AudioResampler


@dataclass(frozen=True)
class Heard:
    """A decoded file."""

    samples: np.ndarray
    rate: int
    container: str
    codec: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate

    @property
    def loudness(self) -> float:
        """Root mean square, 1 is full scale."""
        return float(np.sqrt((self.samples**2).mean()))


def hear(data: bytes) -> Heard:
    """Decode a file as a player would."""
    with av.open(io.BytesIO(data), "r") as file:
        stream = file.streams.audio[0]
        resampler = AudioResampler(format="flt", layout="mono", rate=stream.rate)
        frames = [part for frame in file.decode(stream) for part in resampler.resample(frame)]
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
        return Heard(samples, stream.rate, file.format.name, stream.codec_context.name)


def hear_pcm(data: bytes, rate: int = 24_000) -> Heard:
    """Take samples without a header."""
    return Heard(np.frombuffer(data, np.int16) / 32768, rate, "s16le", "pcm_s16le")


def pitch(heard: Heard) -> float:
    """Return the median pitch of what is voiced, in Hz."""
    size, found = 2048, []
    for start in range(0, len(heard.samples) - size, size // 2):
        window = heard.samples[start : start + size] * np.hanning(size)
        if np.sqrt((window**2).mean()) < 0.01:
            continue
        echo = np.fft.irfft(abs(np.fft.rfft(window, 2 * size)) ** 2)
        low, high = heard.rate // 420, heard.rate // 55
        found.append(heard.rate / (low + int(np.argmax(echo[low:high]))))
    return float(np.median(found))


def align(samples: np.ndarray, expected: np.ndarray, rate: int) -> tuple[float, float]:
    """Return how many seconds later the sound is than expected, and how alike the two are then.

    The second is their correlation: 1 for the same sound at any volume.
    """
    size = 2 ** (len(samples) + len(expected)).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.conj(np.fft.rfft(expected, size))
    likeness = np.fft.irfft(spectrum, size)
    best = int(np.argmax(likeness))
    energy = float((samples**2).sum() * (expected**2).sum())
    late = best if best < len(samples) else best - size
    return late / rate, float(likeness[best] / np.sqrt(energy)) if energy else 0.0
