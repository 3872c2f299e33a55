# pyright: standard
"""Makes speech faster or slower at the same pitch, for models that have no speed of their own."""

from typing import Any

from av import error as failures
from av.audio.frame import AudioFrame
from av.filter import Graph

from deployments.samples import from_frames, to_frame

SLOWEST_STEP = 0.5
"""Below it one ``atempo`` cannot go; several in a row can."""


class Tempo:
    """Changes the tempo of one stream of mono samples, without a click between pieces."""

    def __init__(self, sample_rate: int, speed: float) -> None:
        self._sample_rate = sample_rate
        self._graph = Graph()
        self._source: Any = self._graph.add_abuffer(
            sample_rate=sample_rate, format="s16", layout="mono"
        )
        self._sink: Any = self._graph.add("abuffersink")
        last = self._source
        for step in _steps(speed):
            following = self._graph.add("atempo", f"{step:.6f}")
            last.link_to(following)
            last = following
        last.link_to(self._sink)
        self._graph.configure()
        self._num_samples = 0

    def add(self, samples: bytes) -> bytes:
        """Return what is complete."""
        if not samples:
            return b""
        frame = to_frame(samples, self._sample_rate)
        frame.pts = self._num_samples
        self._num_samples += frame.samples
        self._source.push(frame)
        return self._drain()

    def finish(self) -> bytes:
        """Return the rest."""
        self._source.push(None)
        return self._drain()

    def _drain(self) -> bytes:
        frames: list[AudioFrame] = []
        while True:
            try:
                frames.append(self._sink.pull())
            except (failures.BlockingIOError, failures.EOFError):
                return from_frames(frames)


def change_tempo(samples: bytes, sample_rate: int, speed: float) -> bytes:
    """Return all of the samples at another speed."""
    if abs(speed - 1) < 0.005 or not samples:
        return samples
    tempo = Tempo(sample_rate, speed)
    return tempo.add(samples) + tempo.finish()


def _steps(speed: float) -> list[float]:
    steps: list[float] = []
    while speed < SLOWEST_STEP:
        steps.append(SLOWEST_STEP)
        speed /= SLOWEST_STEP
    return [*steps, speed]
