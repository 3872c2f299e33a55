"""What a server costs: CPU time and memory of all its processes, by the role that they have.

The server's processes are all those below this one but the load generator's. Ray's daemons and
vLLM's engine leave their parents and rename themselves, which also hides their environment; but
this process adopts orphans, so that none of them gets away.
"""

import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from operate.processes import descendants

ENGINE = "engine"
API = "api"
INGRESS = "ingress"
REPLICA = "replica"
PROXY = "proxy"
RAY = "ray"
ROLES = (ENGINE, API, INGRESS, REPLICA, PROXY, RAY)
"""vLLM's own processes; a server's only process; Serve's first and second replica on the way of a
request; HAProxy and Serve's proxies; everything else of Ray and Serve."""

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
KIB = 1024

RoleOf = Callable[[str], str]
"""Given a process' command line or title: its role."""


def role_of_vllm(title: str) -> str:
    """Return the role of a process of a server that is one program with vLLM below it."""
    return ENGINE if title.startswith("VLLM::") else API


def role_on_serve(title: str, ingress: str) -> str:
    """Return the role of a process on Ray Serve, whose ingress deployment is so named."""
    if title.startswith("VLLM::"):
        return ENGINE
    if title.startswith("ray::ServeReplica:"):
        return INGRESS if ingress in title else REPLICA
    program = title.split(" ", 1)[0].rpartition("/")[2]
    if program == "haproxy" or title.startswith(("ray::ProxyActor", "ray::HAProxyManager")):
        return PROXY
    return RAY


@dataclass(frozen=True, slots=True)
class Process:
    """A process at a moment. Its id can be given anew; with its start it cannot."""

    pid: int
    started: int
    role: str
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The CPU time of a server's processes and of the whole machine until now."""

    at: float
    processes: tuple[Process, ...]
    machine_busy_s: float
    machine_stolen_s: float


def snapshot(role_of: RoleOf, without: Iterable[int]) -> Snapshot:
    """Look at all processes below this one but some with theirs."""
    at = time.perf_counter()
    busy, stolen = _machine()
    times: dict[int, tuple[int, float]] = {}
    for pid in server_processes(without):
        with suppress(OSError):
            times[pid] = _times(pid)
    # Titles last: they are read from the processes' own memory, which can take a while.
    found: list[Process] = []
    for pid, (started, cpu_s) in times.items():
        with suppress(OSError):
            found.append(Process(pid, started, role_of(title(pid)), cpu_s))
    return Snapshot(at, tuple(found), busy, stolen)


def _times(pid: int) -> tuple[int, float]:
    """Return when a process started, in ticks, and the CPU seconds of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return int(fields[19]), (int(fields[11]) + int(fields[12])) * TICK_S


def cpu_between(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """Return the CPU seconds of each role from one look to the next; all usual roles are there."""
    earlier = {(process.pid, process.started): process.cpu_s for process in before.processes}
    seconds = defaultdict[str, float](float, dict.fromkeys(ROLES, 0.0))
    for process in after.processes:
        key = process.pid, process.started
        seconds[process.role] += process.cpu_s - earlier.get(key, 0.0)
    return seconds


def memory(role_of: RoleOf, without: Iterable[int]) -> dict[str, dict[str, float]]:
    """Return MiB by role: resident, and what is not shared with others plus a share of the rest."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: {"rss": 0.0, "pss": 0.0})
    for pid in server_processes(without):
        with suppress(OSError):
            role = role_of(title(pid))
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
                name, size = line.split()[:2]
                if name in ("Rss:", "Pss:"):
                    found[role][name[:-1].lower()] += int(size) / KIB
    return dict(found)


def server_processes(without: Iterable[int]) -> list[int]:
    """Return the processes below this one but those of the load generator and the like."""
    others: set[int] = set()
    for pid in without:
        others |= {pid, *descendants(pid)}
    return [pid for pid in descendants(os.getpid()) if pid not in others]


def title(pid: int) -> str:
    """Return a process' command line, or what it has written in its place."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def _machine() -> tuple[float, float]:
    user, nice, system, _, _, irq, softirq, stolen = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq) * TICK_S, stolen * TICK_S
