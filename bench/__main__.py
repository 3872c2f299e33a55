"""Measures every kind through the server and by its bare library, in turns, in one run.

python -m bench [--kinds chat,speech] [--seconds 5] [--rounds 3]
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.report import machine, markdown, write
from bench.served import Served
from bench.workloads import QUESTIONS, WORKLOADS
from tests.serve.server import LOCAL, Server

CONCURRENCIES = (1, 8, 32)


class Bare:
    """A bare library in a process of its own, with the settings that the server's replica has."""

    def __init__(self, kind: str, recording: bytes) -> None:
        application = next(a for a in LOCAL["applications"] if a["args"].get("kind") == kind)
        (deployment,) = application["deployments"]
        runtime = deployment["ray_actor_options"].get("runtime_env", {})
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.bare", kind],
            env={**os.environ, **runtime.get("env_vars", {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ask({"args": application["args"], "recording": recording.hex()})

    def throughput(self, concurrency: int, seconds: float) -> float:
        """Return units of work a second."""
        return self._ask({"concurrency": concurrency, "seconds": seconds})

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)

    def _ask(self, question: dict[str, Any]) -> float:
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(question), file=self._process.stdin, flush=True)
        for line in self._process.stdout:
            if line.startswith("answer "):  # libraries print, too
                return float(line.split()[1])
        raise RuntimeError("The bare library's process has ended.")


def measure(kind: str, served: Served, seconds: float, rounds: int) -> list[dict[str, Any]]:
    """Return the rows of one kind. Both sides take turns, so that the machine's moods meet both."""
    asyncio.run(served.throughput(kind, 2, 2))  # warms up, and makes the recording
    bare = Bare(kind, served.recording)
    rows: list[dict[str, Any]] = []
    try:
        for concurrency in CONCURRENCIES:
            pairs = [
                (
                    asyncio.run(served.throughput(kind, concurrency, seconds)),
                    bare.throughput(concurrency, seconds),
                )
                for _ in range(rounds)
            ]
            row = {
                "kind": kind,
                "concurrency": concurrency,
                "server": statistics.median(pair[0] for pair in pairs),
                "bare": statistics.median(pair[1] for pair in pairs),
                "rounds": pairs,
            }
            print(row, file=sys.stderr)
            rows.append(row)
    finally:
        bare.close()
    return rows


def first_audio(served: Served, answer: str, rounds: int) -> dict[str, Any]:
    """Return the seconds to the first sound, by both ways."""
    asyncio.run(served.first_audio(QUESTIONS[answer]))
    pairs = [asyncio.run(served.first_audio(QUESTIONS[answer])) for _ in range(3 * rounds)]
    return {
        "answer": answer,
        "spoken_s": statistics.median(pair[0] for pair in pairs),
        "sequence_s": statistics.median(pair[1] for pair in pairs),
    }


def main() -> None:
    """Start the server, measure, print the table and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", default=",".join(WORKLOADS))
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="turns of which the median counts")
    parser.add_argument("--output", type=Path, default=Path("bench"))
    options = parser.parse_args()
    kinds = options.kinds.split(",")
    results: dict[str, Any] = {
        "machine": machine(),
        "config": "configs/local.yaml",
        "throughput": [],
    }
    with tempfile.TemporaryDirectory(prefix="hp", dir="/tmp") as directory:
        os.environ["RAY_TMPDIR"] = directory
        server = Server(Path(directory), lambda config: _only(config, {*kinds, "chat", "speech"}))
        try:
            server.start()
            served = Served(server.url)
            for kind in kinds:
                results["throughput"] += measure(kind, served, options.seconds, options.rounds)
            results["first_audio"] = [
                first_audio(served, answer, options.rounds) for answer in QUESTIONS
            ]
        finally:
            server.stop()
    write(results, options.output)
    print(markdown(results))


def _only(config: dict[str, Any], kinds: set[str]) -> None:
    config["applications"] = [
        application
        for application in config["applications"]
        if application["args"].get("kind", "chat") in kinds
    ]


if __name__ == "__main__":
    main()
