"""Measures Homeport beside other servers, and each kind beside its bare library.

python -m bench [TABLE ...] [--rounds 3] [--seconds 5] [--quick] [--gpu] [--output bench]

Results are written after each round, so the command can be interrupted.
"""

import argparse
import sys
from pathlib import Path

from bench.lineup import MORE, tables
from bench.play import play, print_progress
from bench.random_model import on_a_gpu
from bench.report import record, write
from bench.stage import Options
from bench.tables import Table
from operate.processes import adopt_orphans

GPU_OUTPUT = Path("bench/gpu")
GPU_MODEL = Path("build/bench/random-8b").absolute()

QUICK = Options(rounds=1, seconds=2, warmup_s=1)
QUICK_OUTPUT = Path("build/bench")
"""A quick run only checks that everything works; its figures must not replace better ones."""


def main() -> int:
    """Measure the tables, write and print them; fail if an answer was wrong."""
    chosen = _arguments()
    options = QUICK if chosen.quick else Options(chosen.rounds, chosen.seconds)
    usual = GPU_OUTPUT if chosen.gpu else Path("bench")
    output = chosen.output or (QUICK_OUTPUT if chosen.quick else usual)
    every = _tables(chosen)
    wanted = [every[name] for name in chosen.tables or every]
    adopt_orphans()
    text, wrong = "", set[str]()
    for outcomes in play(wanted, options):
        results = {name: record(outcome, options) for name, outcome in outcomes.items()}
        text = write(results, every, output)
        wrong = {complaint for outcome in outcomes.values() for complaint in outcome.complaints}
    print(text)
    for complaint in sorted(wrong):
        print_progress(f"Wrong: {complaint}")
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    names, usual = list(tables()), Options()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(names)}; all")
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="of each window")
    parser.add_argument("--quick", action="store_true", help="one round of short windows")
    parser.add_argument("--gpu", action="store_true", help="chat by a model of 8B random weights")
    parser.add_argument("--also", action="append", choices=MORE, default=[], help="of chat")
    parser.add_argument("--output", type=Path, help="directory of the results (bench)")
    chosen = parser.parse_args()
    if unknown := set(chosen.tables) - set(names):
        parser.error(f"no such table: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if unknown := set(chosen.tables) - set(_tables(chosen)):
        parser.error(f"not with --gpu: {', '.join(sorted(unknown))}")
    return chosen


def _tables(chosen: argparse.Namespace) -> dict[str, Table]:
    if chosen.gpu:
        return tables(*chosen.also, config=on_a_gpu(GPU_MODEL))
    return tables(*chosen.also)


if __name__ == "__main__":
    sys.exit(main())
