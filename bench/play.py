"""Runs rounds: in each, every contender is started, measured for all its tables, and ended."""

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.contenders import Contender
from bench.generator import Generator
from bench.running import StartError, start_contender
from bench.stage import Options, Stage
from bench.tables import Sample, Table


@dataclass
class Outcome:
    """The result of one table."""

    samples: list[Sample] = field(default_factory=list[Sample])
    complaints: list[str] = field(default_factory=list[str])
    """Wrong answers, and contenders that did not start."""


def play(tables: Sequence[Table], options: Options) -> Iterator[dict[str, Outcome]]:
    """Measure all tables; after each round yield the results so far, by name.

    The contenders take turns (A B C, A B C …), so that changes of the machine affect all of them.
    """
    contenders = in_order(tables)
    for contender in contenders:
        contender.prepare()
    outcomes = {table.name: Outcome() for table in tables}
    generator = Generator()
    stage = Stage(options, generator)
    try:
        for number in range(1, options.rounds + 1):
            for contender in contenders:
                print_progress(f"Round {number}: {contender.name} …")
                theirs = [table for table in tables if _has(table, contender)]
                try:
                    _turn(contender, number, theirs, stage, outcomes)
                except StartError as error:
                    print_progress(str(error))
                    for table in theirs:
                        outcomes[table.name].complaints.append(f"{contender.name} did not start")
            yield outcomes
    finally:
        generator.close()


def in_order(tables: Sequence[Table]) -> list[Contender]:
    """Return all contenders, those of the same name once."""
    by_name: dict[str, Contender] = {}
    for table in tables:
        for contender in table.contenders:
            by_name.setdefault(contender.name, contender)
    return list(by_name.values())


def _has(table: Table, contender: Contender) -> bool:
    return contender.name in [other.name for other in table.contenders]


def _turn(
    contender: Contender,
    number: int,
    tables: Sequence[Table],
    stage: Stage,
    outcomes: dict[str, Outcome],
) -> None:
    """Start a contender, measure it for its tables, and end it."""
    others = frozenset({stage.generator.pid})
    # A short path, because Ray's sockets are there.
    with (
        tempfile.TemporaryDirectory(prefix="hp", dir="/tmp", ignore_cleanup_errors=True) as place,
        start_contender(contender, Path(place), others) as server,
    ):
        print_progress(f"  ready after {server.first_answer_s:.1f} s")
        for table in tables:
            outcome, num_reported = outcomes[table.name], len(stage.complaints)
            for cell, figures in table.measure(server, stage):
                outcome.samples.append(Sample(contender.name, number, cell, figures))
                outcome.complaints += [
                    f"{each} ({cell})" for each in stage.complaints[num_reported:]
                ]
                num_reported = len(stage.complaints)
                print_progress(f"  {table.name} {cell}: {_format_figures(figures)}")


def _format_figures(figures: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in figures.items())


def print_progress(text: str) -> None:
    """Print progress."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
