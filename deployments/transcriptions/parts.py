"""Cuts long audio at quiet moments into parts that fit into memory and end soon.

Features of an hour of audio take gigabytes, and neither they nor the voice detection can be
interrupted.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from deployments.decoding import SAMPLE_RATE
from deployments.samples import to_float

PART_SECONDS = 300
"""Takes about 200 MB while it is transcribed, and 0.8 s of voice detection on one core."""
SEARCH_SECONDS = 30
"""A part may be this much shorter, to end at a quiet moment."""
QUIET_SECONDS = 0.2
MIN_SECONDS = 0.1
"""Shorter audio is padded with silence: Whisper has no time stamps in less."""


def parts(audio: NDArray[np.int16]) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Return each part with the second it begins at."""
    start = 0
    while True:
        end = _end(audio, start)
        yield start / SAMPLE_RATE, _pad(to_float(audio[start:end]))
        if end == len(audio):
            return
        start = end


def _end(audio: NDArray[np.int16], start: int) -> int:
    """Return the middle of the quietest moment before the part is full."""
    latest = start + PART_SECONDS * SAMPLE_RATE
    if latest >= len(audio):
        return len(audio)
    moment = int(QUIET_SECONDS * SAMPLE_RATE)
    earliest = latest - SEARCH_SECONDS * SAMPLE_RATE
    num_moments = (latest - earliest) // moment
    searched = to_float(audio[earliest : earliest + num_moments * moment]).reshape(-1, moment)
    quietest = int(np.argmin(np.square(searched).sum(axis=1)))
    return earliest + quietest * moment + moment // 2


def _pad(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    missing = int(MIN_SECONDS * SAMPLE_RATE) - len(audio)
    return np.pad(audio, (0, missing)) if missing > 0 else audio
