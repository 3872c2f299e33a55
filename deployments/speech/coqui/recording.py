# pyright: standard
"""Reads a recording of any format as mono samples, for voices that are cloned from it.

Coqui's own reader needs FFmpeg on the machine.
"""

from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from numpy.typing import NDArray

from deployments.config import PROJECT_ROOT
from deployments.samples import Downmixer
from wire.errors import ModelLoadError


def find_recording(name: str) -> str:
    """Return where a recording lies.

    Raises:
        ModelLoadError: there is none.
    """
    for candidate in (Path(name).expanduser(), PROJECT_ROOT / name):
        if candidate.is_file():
            return str(candidate.resolve())
    raise ModelLoadError(f"voices: no recording at '{name}'.")


def read_recording(path: str, sample_rate: int) -> NDArray[np.int16]:
    """Return the samples.

    Raises:
        ModelLoadError: it holds no audio.
    """
    mixer = Downmixer(sample_rate)
    samples = bytearray()
    try:
        with av.open(path) as file:
            for decoded in file.decode(audio=0):
                samples += mixer.add(decoded)
        samples += mixer.flush()
    except (FFmpegError, IndexError) as error:
        raise ModelLoadError(f"voices: '{path}' cannot be read as audio: {error}") from error
    if not samples:
        raise ModelLoadError(f"voices: '{path}' has no audio in it.")
    return np.frombuffer(samples, np.int16)
