"""Starts a contender, waits until it answers, reads its costs, and ends all of its processes."""

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.accounting import Snapshot, memory, server_processes, snapshot, title
from bench.client.wire import Events
from bench.contenders import Contender, Launch, Probe, clean_environment
from operate.processes import reap_orphans

START_S = 300
POLL_S = 0.1
ANSWER_S = 60
STOP_S = 30
GRACE_S = 5


class StartError(Exception):
    """A contender did not start. The message has the end of its output."""


@dataclass(frozen=True)
class Running:
    """A server that has answered its first request."""

    contender: Contender
    url: str
    first_answer_s: float
    """From the command to the first token, or to the first answer if it does not stream."""
    others: frozenset[int]
    """Descendants of this process that are not the server's."""

    def snapshot(self) -> Snapshot:
        """Return its accumulated CPU time."""
        return snapshot(self.contender.role, self.others)

    def memory(self) -> dict[str, dict[str, float]]:
        """Return its memory in MiB by role."""
        return memory(self.contender.role, self.others)


@contextmanager
def start_contender(
    contender: Contender, directory: Path, others: frozenset[int]
) -> Generator[Running]:
    """Start a contender, and end all of its processes on exit.

    Raises:
        StartError: it ended, or did not answer in time.
    """
    launch = contender.launch(directory)
    log = directory / "output.log"
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            launch.command,
            env={**clean_environment(), "RAY_TMPDIR": str(directory), **launch.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(process, launch, log)
        ready = time.monotonic()
        contender.settle({pid: contender.role(title(pid)) for pid in server_processes(others)})
        yield Running(contender, launch.url, ready - began, others)
    finally:
        _stop(process, others)


def _wait(process: "subprocess.Popen[bytes]", launch: Launch, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not answers(launch.url, launch.probe):
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace").splitlines()[-30:]
            command = " ".join(launch.command)
            raise StartError(f"{command}\ndid not answer. Its last words:\n" + "\n".join(tail))
        time.sleep(POLL_S)


def answers(url: str, probe: Probe) -> bool:
    """Return whether the server answers, for a stream with a token."""
    address = urlsplit(url)
    assert address.hostname
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=ANSWER_S)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {probe.key}"}
    try:
        connection.request("POST", probe.path, json.dumps(probe.body), headers)
        response = connection.getresponse()
        if response.status != 200:
            return False
        if not probe.body.get("stream"):
            return bool(response.read())
        events = Events()
        while data := response.read1():
            if events.feed(data):
                return True
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()
    return False


def _stop(process: "subprocess.Popen[bytes]", others: frozenset[int]) -> None:
    """Send SIGINT, then end the remaining processes."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in server_processes(others):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        wait_until(lambda: not _find_remaining(others), GRACE_S)
    if process.poll() is None:
        process.wait(GRACE_S)


def _find_remaining(others: frozenset[int]) -> list[int]:
    reap_orphans()
    return server_processes(others)


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition, up to a timeout."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL_S)
