# pyright: standard
"""Where speech is, by the voice detection that faster-whisper brings along (Silero)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

from deployments.decoding import SAMPLE_RATE
from deployments.threads import Cancelled
from deployments.transcriptions.parts import parts

DEFAULTS = {"min_speech_duration_ms": 250, "min_silence_duration_ms": 100, "speech_pad_ms": 30}
"""Silero's own. The library's are meant for Whisper, and join speech over pauses of 2 s."""


def check_vad_parameters(audio: NDArray[np.float32], parameters: Mapping[str, Any] | None) -> None:
    """Look for speech with these options of the library.

    Raises:
        TypeError: an option does not exist, or is of another type.
    """
    if parameters is not None:
        get_speech_timestamps(audio, VadOptions(**parameters))


def speech_segments(
    audio: NDArray[np.int16], parameters: Mapping[str, Any], cancelled: Cancelled
) -> list[dict[str, float]]:
    """Return where speech begins and ends, in seconds."""
    options = VadOptions(**{**DEFAULTS, **parameters})
    found: list[dict[str, float]] = []
    for offset, part in parts(audio):
        if cancelled.is_set():
            break
        for speech in get_speech_timestamps(part, options):
            start, end = (offset + speech[key] / SAMPLE_RATE for key in ("start", "end"))
            if found and found[-1]["end"] == start:  # cut between two parts
                found[-1]["end"] = end
            else:
                found.append({"start": start, "end": min(end, len(audio) / SAMPLE_RATE)})
    return found
