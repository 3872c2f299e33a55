"""CPU time and memory of all processes of a server, by role.

The server's processes are all descendants of this one but the load generator's. Ray's daemons and
vLLM's engine leave their parents and rename themselves, which also hides their environment. This
process adopts orphans, so they stay its descendants.
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
"""vLLM's own processes; a server's only process; Serve's first and second replica in a request's
path; HAProxy and Serve's proxies; everything else of Ray and Serve."""

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
KIB = 1024

RoleOf = Callable[[str], str]
"""Maps a process's command line or title to its role."""


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
    """A process at one moment. Ids are reused; the pair of id and start time is unique."""

    pid: int
    started: int
    role: str
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Accumulated CPU time of a server's processes and of the machine."""

    at: float
    processes: tuple[Process, ...]
    machine_busy_s: float
    machine_stolen_s: float


def snapshot(role_of: RoleOf, without: Iterable[int]) -> Snapshot:
    """Read all descendants of this process except some and their descendants."""
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
    """Return the CPU seconds of each role between two readings, including roles without any."""
    earlier = {(process.pid, process.started): process.cpu_s for process in before.processes}
    seconds = defaultdict[str, float](float, dict.fromkeys(ROLES, 0.0))
    for process in after.processes:
        key = process.pid, process.started
        seconds[process.role] += process.cpu_s - earlier.get(key, 0.0)
    return seconds


def memory(role_of: RoleOf, without: Iterable[int]) -> dict[str, dict[str, float]]:
    """Return MiB by role: resident, and proportional (shared pages divided among processes)."""
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
    """Return the descendants of this process, without the load generator and its like."""
    others: set[int] = set()
    for pid in without:
        others |= {pid, *descendants(pid)}
    return [pid for pid in descendants(os.getpid()) if pid not in others]


def title(pid: int) -> str:
    """Return a process's command line, or the title that replaces it."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def _machine() -> tuple[float, float]:
    user, nice, system, _, _, irq, softirq, stolen = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq) * TICK_S, stolen * TICK_S
