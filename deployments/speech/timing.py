"""Times of each character of a spoken text: from the engine, and interpolated between."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

Mark = tuple[int, float]
"""A character's index in its segment, and the second at which the engine begins to speak it."""


def character_times(
    text: str, marks: Sequence[Mark], start: float, duration: float
) -> dict[str, Any]:
    """Return ElevenLabs' alignment of one segment, which is spoken from ``start`` on."""
    starts = [start + second for second in _spread(len(text), marks, duration)]
    ends = [*starts[1:], start + duration]
    return {
        "characters": list(text),
        "character_start_times_seconds": [round(second, 3) for second in starts],
        "character_end_times_seconds": [round(second, 3) for second in ends],
    }


def _spread(num_chars: int, marks: Sequence[Mark], duration: float) -> list[float]:
    """Return each character's start: the marks', and between them in even steps."""
    known: list[Mark] = [(0, 0.0)]
    for index, second in marks:
        if known[-1][0] < index < num_chars and known[-1][1] <= second <= duration:
            known.append((index, second))
    known.append((num_chars, duration))
    starts: list[float] = []
    for (index, second), (next_index, next_second) in pairwise(known):
        step = (next_second - second) / max(1, next_index - index)
        starts += [second + step * offset for offset in range(next_index - index)]
    return starts
