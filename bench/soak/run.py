"""One soak: loads a server, samples its processes, and returns what drifts after the warm-up."""

import asyncio
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from bench.soak.drift import Drift, find_drifts
from bench.soak.load import Load
from bench.soak.samples import CPU, Values, read_processes, read_tasks

WARMUP_PART = 0.3
"""Caches fill, connections and threads are made, and allocators reach their usual size."""
INGRESS = "ray::ServeReplica:ingress"
"""The process that every request passes."""
SAMPLES = 240
SHORTEST_S = 2


@dataclass
class Soak:
    """The samples of a run. A process that starts later has fewer, and another name."""

    load: Load
    series: dict[tuple[str, str], list[tuple[float, float]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    drifts: list[Drift] = field(default_factory=list)

    def add(self, at: float, values: Values) -> None:
        """Add the values of a moment."""
        for key, value in values.items():
            self.series[key].append((at, value))


def soak(
    url: str,
    seconds: float,
    pids: Callable[[], list[int]],
    recording: bytes,
    metrics_url: str,
) -> Soak:
    """Load a server for some seconds and compare what its processes take."""
    return asyncio.run(_soak(Load(url, recording), seconds, pids, metrics_url))


async def _soak(
    load: Load,
    seconds: float,
    pids: Callable[[], list[int]],
    metrics_url: str,
) -> Soak:
    result, began = Soak(load), time.monotonic()
    period = max(seconds / SAMPLES, SHORTEST_S)
    loading = asyncio.create_task(load.run(seconds))
    last_at, last, last_cpu = began, 0, dict[str, float]()
    while not loading.done():
        await asyncio.wait({loading}, timeout=period)
        now, answered = time.monotonic(), load.answered.total()
        values = await asyncio.to_thread(_read, pids, metrics_url)
        values["all callers", "rate"] = (answered - last) / (now - last_at)
        cpu = {name: values.pop((name, CPU)) for name, measure in list(values) if measure == CPU}
        values |= {
            (name, "cost"): (spent - last_cpu[name]) / (answered - last)
            for name, spent in cpu.items()
            if name.startswith(INGRESS) and name in last_cpu and answered > last
        }
        if WARMUP_PART * seconds < now - began < seconds:
            result.add(now - began, values)
        memory = sum(value for (_, measure), value in values.items() if measure == "memory")
        print(
            f"{now - began:.0f} s: {answered} answers, {values['all callers', 'rate']:.0f}/s, "
            f"{load.errors.total()} errors, {memory:.0f} MiB in all",
            flush=True,
        )
        last_at, last, last_cpu = now, answered, cpu
    await loading
    result.drifts = find_drifts(result.series)
    return result


def _read(pids: Callable[[], list[int]], metrics_url: str) -> Values:
    processes = pids()
    values = read_processes(processes)
    values["all processes", "processes"] = len(processes)
    with suppress(OSError), urllib.request.urlopen(metrics_url, timeout=10) as answer:
        values |= read_tasks(answer.read().decode())
    return values
