"""Serves all kinds, loads them, and fails if memory, threads, files or the rate drift.

python -m bench.soak [--minutes 60]
"""

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from bench.kinds.recordings import synthesize
from bench.kinds.workloads import SENTENCE
from bench.soak.run import soak
from tests.support.server import Server


def main() -> int:
    """Run one soak and print how far each series went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    minutes: float = parser.parse_args().minutes
    directory = Path(tempfile.mkdtemp(prefix="hp", dir="/tmp"))
    os.environ["RAY_TMPDIR"] = str(directory)
    server = Server(directory, lambda _: None)
    try:
        server.start()
        result = soak(
            server.url,
            minutes * 60,
            lambda: server.children(server.process.pid),
            synthesize(server.url, SENTENCE, "wav"),
            server.metrics,
        )
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
    print("What has changed by a tenth of its bound or more:")
    for drift in sorted(result.drifts, key=lambda each: (each.measure, -each.share)):
        if abs(drift.share) >= 0.1:
            print(drift)
    print(f"{dict(result.load.answered)} answers, errors: {dict(result.load.errors) or 'none'}")
    return 1 if result.load.errors or any(drift.is_too_far for drift in result.drifts) else 0


if __name__ == "__main__":
    raise SystemExit(main())
