"""``make faults``: the table of faults, printed, and written into the documentation with --write.

python -m tests.serve.faults [--runs N] [--write] [BEGINNING OF A FAULT'S NAME]...
"""

import argparse
import os
import platform
import re
import sys
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from tests.serve.faults.asking import Samples
from tests.serve.faults.faults import FAULTS, Fault, Stage
from tests.serve.faults.stage import make_samples, measure, open_stage
from tests.support.outcomes import Result, format_table

PAGE = Path(__file__).resolve().parents[3] / "docs/guide/faults.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help="beginnings of names of faults; all without")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    options = parser.parse_args()
    faults = [
        fault
        for fault in FAULTS
        if not options.parts or any(fault.name.startswith(part) for part in options.parts)
    ]
    results: dict[str, list[Result]] = defaultdict(list)
    for _ in range(options.runs):
        run(faults, results)
    table = f"{describe_machine()}\n\n{format_table(results)}"
    print(table)
    if options.write:
        text = PAGE.read_text()
        pattern = re.escape(BEGIN) + ".*?" + re.escape(END)
        PAGE.write_text(re.sub(pattern, lambda _: f"{BEGIN}{table}{END}", text, flags=re.DOTALL))
    return 0


def run(faults: list[Fault], results: dict[str, list[Result]]) -> None:
    """Strike once with each fault, on one server for as many as it survives."""
    opened: tuple[Stage, Samples] | None = None
    with ExitStack() as stack:
        for fault in faults:
            if opened and (opened[0].postgresql is not None) != fault.of_two:
                stack.close()
                opened = None
            if opened is None:
                stage = stack.enter_context(open_stage(of_two=fault.of_two))
                opened = stage, make_samples(stage.server)
            stage, samples = opened
            if fault.needs_small_disk and not stage.is_small:
                print(f"{fault.name}: left out, since mounting a small disk needs root")
                continue
            result = measure(stage, fault, samples)
            results[fault.name].append(result)
            report(fault, result)
            if fault.ends_server:
                stack.close()
                opened = None


def report(fault: Fault, result: Result) -> None:
    """Print the row of a fault, and below it what the failures were."""
    print(format_table({fault.name: [result]}).splitlines()[-1])
    for detail, count in sorted(result.details().items()):
        print(f"    {count:5} {detail}")
    print(f"    longest: {result.longest_failure()}", flush=True)


def describe_machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, no GPU."


if __name__ == "__main__":
    sys.exit(main())
