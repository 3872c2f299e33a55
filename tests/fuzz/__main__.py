"""Sends odd requests to a real server with a model of each kind: ``make fuzz``."""

import argparse
import os
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import psutil

from tests.api.sdk.recording import record_sdks
from tests.support.fuzzing.checks import check_answer
from tests.support.fuzzing.requests import Mutator, Sent
from tests.support.fuzzing.sending import read_examples, send
from tests.support.server import Server, application

ALIASES = {
    "chat": ["small"],
    "embeddings": ["embed"],
    "rerank": ["rank"],
    "images": ["draw"],
    "speech": ["voice"],
    "transcriptions": ["ear"],
}
"""The names that the SDKs' suite has for the models."""
TITLES = ("ray::ServeReplica", "VLLM::EngineCore", "ray::ServeController")
MAX_GROWTH_BYTES = 400 * 2**20
"""Of a process, which keeps what its allocator and its caches have once taken."""
WARM_UP = 1000
"""Requests after which memory is first measured."""


def main() -> int:
    """Run, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first request")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hp", dir="/tmp") as directory:
        os.environ["RAY_TMPDIR"] = directory
        server = Server(Path(directory), _configure)
        try:
            server.start()
            faults = _run(
                server, options.seed, range(options.first, options.first + options.requests)
            )
        finally:
            server.stop()
        faults += _read_tracebacks(Path(directory))
    for fault in faults:
        print(fault)
    return 1 if faults else 0


def _configure(config: dict[str, Any]) -> None:
    for name, aliases in ALIASES.items():
        application(config, name)["args"]["aliases"] += aliases
    application(config, "ingress")["args"]["moderation"] = {"model": "small"}


def _run(server: Server, seed: int, numbers: Sequence[int]) -> list[str]:
    transport = httpx2.HTTPTransport()
    document = send(transport, server.url, Sent("GET", "/openapi.json")).json()
    mutator = Mutator(record_sdks(transport, server.url) + read_examples(document), seed)
    statuses, faults = Counter[int](), Counter[str]()
    memory: dict[int, int] = {}
    slowest = 0.0
    began = time.monotonic()
    with suppress(KeyboardInterrupt):  # and report what was sent until then
        for number in numbers:
            sent = mutator.make(number)
            sent_at = time.monotonic()
            try:
                answer = send(transport, server.url, sent)
            except (httpx2.TransportError, httpx2.InvalidURL) as error:
                faults[f"{error!r}: {number}: {sent}"] += 1
                continue
            seconds = time.monotonic() - sent_at
            statuses[answer.status_code] += 1
            if answer.status_code >= 400:
                slowest = max(slowest, seconds)
            for fault in check_answer(sent, answer, seconds):
                faults[f"{fault}: {number}: {sent}"] += 1
            if number == numbers[0] + WARM_UP:
                memory = _measure(server)
    print(f"{statuses.total()} requests in {time.monotonic() - began:.0f} s: {dict(statuses)}")
    print(f"The slowest error took {slowest:.1f} s.", flush=True)
    for pid, now in _measure(server).items():
        before = memory.get(pid, now)
        print(f"{_title(pid)}: {before >> 20} to {now >> 20} MiB")
        if now - before > MAX_GROWTH_BYTES:
            faults[f"{_title(pid)} has grown by {(now - before) >> 20} MiB"] += 1
    if server.states() != dict.fromkeys(server.states(), "ready"):
        faults[f"not all models are ready: {server.states()}"] += 1
    return list(faults)


def _measure(server: Server) -> dict[int, int]:
    """Return the memory of each process of the server's own."""
    found: dict[int, int] = {}
    for title in TITLES:
        for pid in server.pids(title):
            with suppress(psutil.Error):
                found[pid] = psutil.Process(pid).memory_info().rss
    return found


def _title(pid: int) -> str:
    return " ".join(psutil.Process(pid).cmdline())[:60]


def _read_tracebacks(directory: Path) -> list[str]:
    """Return the ends of the tracebacks in the logs."""
    found = Counter[str]()
    for log in directory.rglob("*.log"):
        text = log.read_text(errors="replace")
        for traceback in re.findall(r"Traceback \(most recent call last\):\n(?:.*\n){1,80}", text):
            ends = re.findall(r"^\S+(?:Error|Exception)\b.*", traceback, re.MULTILINE)
            found[f"traceback in {log.name}: {ends[0] if ends else traceback[:300]}"] += 1
    return [f"{fault} ({count} times)" for fault, count in found.items()]


if __name__ == "__main__":
    sys.exit(main())
