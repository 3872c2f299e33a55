"""Reads jobs from stdin; for each, reports when its window opens and closes, and its result."""

import gc
import json
import sys

import uvloop

from bench.client.job import Job
from bench.client.load import run
from bench.priority import raise_priority


def main() -> None:
    """Run jobs until stdin ends."""
    # Python's own stdout loses the rest of an interrupted write where PYTHONUNBUFFERED is set.
    output = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115

    def report(kind: str, value: object = None) -> None:
        print(json.dumps({kind: value}), file=output, flush=True)

    gc.disable()  # there is too little cyclic garbage to justify pauses
    with raise_priority():
        for line in sys.stdin:
            try:
                job = Job.from_line(line)
            except (ValueError, TypeError, KeyError) as error:
                report("refused", str(error))
                continue
            report("result", uvloop.run(run(job, report)))
            gc.collect()


if __name__ == "__main__":
    main()
