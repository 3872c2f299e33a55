"""Ends all descendants of this process, including orphans (Linux)."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 5.0


def adopt_orphans() -> None:
    """Adopt every orphaned descendant, so that all of them can be found."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(pid: int) -> list[int]:
    """Return the running descendants of ``pid``, without zombies."""
    children: dict[int, list[int]] = {}
    for process, parent, state in _processes():
        if state != "Z":
            children.setdefault(parent, []).append(process)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def end_descendants() -> None:
    """Terminate every descendant; kill those that do not end within some seconds."""
    deadline = time.monotonic() + GRACE_S
    _signal_all(signal.SIGTERM)
    while descendants(os.getpid()) and time.monotonic() < deadline:
        time.sleep(0.1)
    _signal_all(signal.SIGKILL)
    reap_orphans()


def reap_orphans() -> None:
    """Reap adopted processes that have ended."""
    for process, parent, state in _processes():
        if state == "Z" and parent == os.getpid():
            with suppress(ChildProcessError):  # its Popen has reaped it
                os.waitpid(process, os.WNOHANG)


def _signal_all(number: signal.Signals) -> None:
    for pid in descendants(os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _processes() -> Iterator[tuple[int, int, str]]:
    """Yield every process of the machine: its id, its parent's id, its state."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name in parentheses may hold spaces: the fields after it are state and parent.
            state, parent = (
                (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            )
        except OSError:  # it has ended
            continue
        yield int(entry.name), int(parent), state
