# pyright: standard
"""Reads a recording of any format as mono samples, for voices that are cloned from it.

Knows PyAV and nothing of models. The libraries' own readers need an FFmpeg on the machine.
"""

from pathlib import Path

import av
from av.audio.resampler import AudioResampler
from av.error import FFmpegError

from deployments.config import PROJECT_ROOT
from wire.errors import ModelLoadError


def recording_path(name: str) -> str:
    """Return where a recording lies.

    Raises:
        ModelLoadError: there is none.
    """
    for candidate in (Path(name).expanduser(), PROJECT_ROOT / name):
        if candidate.is_file():
            return str(candidate.resolve())
    raise ModelLoadError(f"voices: no recording at '{name}'.")


def read_recording(path: str, sample_rate: int) -> bytes:
    """Return the samples (mono, signed 16 bit).

    Raises:
        ModelLoadError: it holds no audio.
    """
    resampler = AudioResampler(format="s16", layout="mono", rate=sample_rate)
    samples = bytearray()
    try:
        with av.open(path) as file:
            for decoded in file.decode(audio=0):
                for frame in resampler.resample(decoded):
                    samples += bytes(frame.planes[0])[: 2 * frame.samples]
    except (FFmpegError, IndexError) as error:
        raise ModelLoadError(f"voices: '{path}' cannot be read as audio: {error}") from error
    if not samples:
        raise ModelLoadError(f"voices: '{path}' has no audio in it.")
    return bytes(samples)
