"""What the processes of a server take at one moment, by process."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from bench.accounting import TICK_S

Values = dict[tuple[str, str], float]
"""By the name of a process and a measure."""

TASKS = "ray_serve_event_loop_tasks{"
"""Ray Serve's metric of the tasks of an event loop."""
CPU = "cpu"
"""Measure of a process: milliseconds of CPU time since its start."""
BRIEF = ("ray::IDLE", "ray::build_serve_application", "ray::_get", "ray::run_")
"""Processes that come and go."""


def read_processes(pids: Iterable[int]) -> Values:
    """Return memory, CPU time, threads, files and sockets of each process."""
    values: Values = {}
    for pid in pids:
        with suppress(OSError, IndexError):  # it has ended meanwhile
            if name := describe(pid):
                values |= {(name, measure): value for measure, value in _measure(pid)}
    return values


def describe(pid: int) -> str:
    """Return a name of a process that lives as long as the server, else nothing."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    first, *arguments = command.strip("\0").split("\0")
    if first.startswith(BRIEF):
        return ""
    title = first.split(" ")[0]
    # Ray adds the method that runs to the title of an actor.
    program = title.partition(".")[0] if title.startswith("ray::") else title.rpartition("/")[2]
    if program.startswith("python"):
        scripts = [each for each in arguments if not each.startswith("-")]
        program = "python -c" if "-c" in arguments else Path(scripts[0]).name
    return f"{program} ({pid})" if program else ""


def _measure(pid: int) -> Iterator[tuple[str, float]]:
    status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    # Without the pages of files, of which the kernel takes back what it wants.
    yield "memory", int(fields["RssAnon"].split()[0]) / 1024
    yield "threads", int(fields["Threads"])
    yield CPU, sum(map(int, _read_stat(pid)[11:13])) * TICK_S * 1000
    links = [_read_link(entry) for entry in os.scandir(f"/proc/{pid}/fd")]
    yield "files", len(links)
    yield "sockets", sum(link.startswith("socket:") for link in links)


def _read_stat(pid: int) -> list[str]:
    """Return the fields after the name, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def _read_link(entry: "os.DirEntry[str]") -> str:
    try:
        return os.readlink(entry.path)
    except OSError:
        return ""


def read_tasks(metrics: str) -> Values:
    """Return the tasks of each event loop, from Ray's metrics."""
    values: Values = {}
    for line in metrics.splitlines():
        if line.startswith(TASKS):
            labels, _, value = line.removeprefix(TASKS).rpartition("} ")
            values[_describe_loop(labels), "tasks"] = float(value.split()[0])
    return values


def _describe_loop(labels: str) -> str:
    pairs = dict(label.split("=", 1) for label in labels.split(",") if "=" in label)
    return "loop of " + " ".join(
        pairs.get(name, "").strip('"')[:20] for name in ("component", "loop_type", "actor_id")
    )
