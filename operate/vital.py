"""Notices when one of Ray's processes has ended that nothing replaces on a single node.

By itself Ray goes on for a minute after its metadata server has ended, since on a cluster another
one may come, and then ends with a message about a connection. Until then the server answers, but
replaces and scales nothing.
"""

import os
import signal
import time
from pathlib import Path

from operate.processes import descendants

VITAL = {"gcs_server": "metadata server (GCS)", "raylet": "raylet"}
"""Programs, and what Ray's documentation calls them."""
DRAIN_S = 5.0
"""How long requests that are being answered may take: without the metadata server they still can
be."""


class RayEndedError(Exception):
    """A process of Ray's has ended without which the server cannot go on."""


class VitalProcesses:
    """Ray's processes below this one."""

    def __init__(self) -> None:
        self._pids: dict[str, int] = {}

    def check(self) -> None:
        """Find those that have started.

        Raises:
            RayEndedError: one that was found has ended.
        """
        for name, pid in self._pids.items():
            if read_name(pid) != name:
                raise RayEndedError(f"Ray's {VITAL[name]} has ended, process {pid}")
        if len(self._pids) < len(VITAL):
            self._pids = find_programs(*VITAL)


def find_programs(*names: str) -> dict[str, int]:
    """Return one running process below this one for each of these programs that has any."""
    found = {read_name(pid): pid for pid in descendants(os.getpid())}
    return {name: found[name] for name in names if name in found}


def read_name(pid: int) -> str:
    """Return the name of a process that runs; nothing if it has ended, also if it is a zombie."""
    try:
        start, _, rest = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")
    except OSError:
        return ""
    return "" if rest.split()[0] == "Z" else start.partition("(")[2]


def drain_requests() -> None:
    """Have HAProxy accept no more connections, and wait a while for the answers on those it has."""
    deadline = time.monotonic() + DRAIN_S
    haproxy = find_programs("haproxy").get("haproxy")
    if haproxy is None:
        return
    os.kill(haproxy, signal.SIGUSR1)
    while read_name(haproxy) and time.monotonic() < deadline:
        time.sleep(0.1)
