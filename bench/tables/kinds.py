"""Each kind through Homeport and by its bare library, in turns while the server runs."""

import asyncio
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.client.job import Job
from bench.contenders import Contender
from bench.contenders.homeport import Homeport
from bench.kinds.libraries import Library
from bench.kinds.recordings import repeat, seconds_of, synthesize
from bench.kinds.sounds import time_first_sounds
from bench.kinds.workloads import BARE, LOADS, QUESTIONS, SENTENCE, UNITS, Load, flows
from bench.running import Running
from bench.stage import Stage
from bench.summary import Summary, number, rows, with_spread
from bench.tables import Cell, Sample

FIRST_SOUNDS = 5
LONG_AUDIO_S = 60
"""Minimum duration of recordings for longer windows, which would otherwise end within an answer."""
LONG_WINDOW_S = 20

ALL_KINDS = ("chat", *UNITS)


class Kinds:
    """All kinds, beside their libraries."""

    name = "kinds"
    title = "Every kind beside its bare library"
    contenders: Sequence[Contender] = (Homeport("Homeport, all kinds", ALL_KINDS),)

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Measure each kind on the server and on the library, and spoken answers in both ways."""
        with tempfile.TemporaryDirectory() as directory:
            recordings = record(server.url)
            paths = {seconds: Path(directory, f"{seconds}.wav") for seconds in recordings}
            for seconds, path in paths.items():
                path.write_bytes(recordings[seconds])
            spoken_s = seconds_of(synthesize(server.url, SENTENCE, "mp3"))
            for kind, loads in groupby(LOADS, lambda load: load.kind):
                library = Library(kind)
                try:
                    for load in loads:
                        seconds = window_s(load, stage)
                        served = drive(server, stage, load, recordings, spoken_s)
                        path = paths.get(load.audio_s)
                        bare = library.throughput(load.callers, seconds, path)
                        yield load.name, {**served, "bare": bare}
                finally:
                    library.close()
        for answer, question in QUESTIONS.items():
            asyncio.run(time_first_sounds(server.url, question))
            pairs = [
                asyncio.run(time_first_sounds(server.url, question)) for _ in range(FIRST_SOUNDS)
            ]
            written, sequence = (statistics.median(times) for times in zip(*pairs, strict=True))
            yield f"first sound of {answer}", {"spoken_s": written, "sequence_s": sequence}

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        summary = Summary(samples)
        lines = [
            [load.kind, describe_callers(load), *_pair(summary, load.name), UNITS[load.kind]]
            for load in LOADS
        ]
        sounds = [
            [answer, *_pair(summary, f"first sound of {answer}", "spoken_s", "sequence_s")]
            for answer in QUESTIONS
        ]
        return [
            *rows(["kind", "callers", "server", "bare library", "ratio", "unit"], lines),
            "",
            *rows(
                ["first sound of", "s while it is written", "s by chat, then speech", "ratio"],
                sounds,
            ),
            "",
            "The bare library is called so:",
            "",
            *(f"- {kind}: {called}" for kind, called in BARE.items()),
        ]

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Nothing."""


def record(url: str) -> dict[int, bytes]:
    """Return the recordings to transcribe, by duration in seconds."""
    wav = synthesize(url, SENTENCE, "wav")
    return {load.audio_s: repeat(wav, load.audio_s) for load in LOADS if load.audio_s}


def window_s(load: Load, stage: Stage) -> float:
    """Return the window of a load."""
    seconds = stage.options.seconds
    return max(seconds, LONG_WINDOW_S) if load.audio_s > LONG_AUDIO_S else seconds


def drive(
    server: Running, stage: Stage, load: Load, recordings: dict[int, bytes], spoken_s: float
) -> dict[str, float]:
    """Return the server's figures under a load: units per second, and the longest waits."""
    parts = flows(server.url, load, recordings, spoken_s)
    job = Job(tuple(parts), window_s(load, stage), stage.options.warmup_s)
    found = combine_flows(stage.drive(server, job)["flows"])
    if load.callers == 1 and "latency_ms_p50" in found:
        # Few of one caller's long answers end within a window.
        found["server"] = 1000 * parts[0].units / found["latency_ms_p50"]
    return found


def combine_flows(seen: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the combined figures of one kind's flows."""
    found: dict[str, float] = {"server": sum(flow["units_per_s"] for flow in seen)}
    for share in ("p50", "p99"):
        waits = [flow["latency_ms"][share] for flow in seen if flow["latency_ms"]]
        if waits:
            found[f"latency_ms_{share}"] = max(waits)
    return found


def describe_callers(load: Load) -> str:
    """Return the callers for the table."""
    return f"{load.callers}" + (f", {load.audio_s} s each" if load.audio_s else "")


def _pair(summary: Summary, cell: str, above: str = "server", below: str = "bare") -> list[str]:
    (contender,) = summary.contenders
    over, under = (summary.rounds(cell, contender, name) for name in (above, below))
    ratios = [over[turn] / under[turn] for turn in over if under.get(turn)]
    return [
        *(number(summary.median(cell, contender, n)) for n in (above, below)),
        with_spread(ratios),
    ]
