"""Runs the jobs of all tables and returns their figures with the server's CPU time.

The same load generator drives every contender, and no other descendants of this process run.
"""

from dataclasses import dataclass, field
from typing import Any

from bench.accounting import ENGINE, RAY, ROLES, Snapshot, cpu_between
from bench.client.job import Job
from bench.generator import Generator
from bench.priority import raise_priority
from bench.running import Running

MICRO = 1e6


@dataclass(frozen=True, slots=True)
class Options:
    """Duration and number of measurements."""

    rounds: int = 3
    seconds: float = 5
    warmup_s: float = 2


@dataclass
class Stage:
    """One run of the benchmark."""

    options: Options
    generator: Generator
    answers: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """The first answer to each question, and its contender; all others must be equal."""
    complaints: list[str] = field(default_factory=list[str])
    """Wrong answers, which invalidate all figures."""

    def drive(self, server: Running, job: Job) -> dict[str, Any]:
        """Run a job; return the generator's result with the CPU time of the window.

        ``cpu_s`` is by role; ``elsewhere_cores`` is the load of other processes,
        ``stolen_cores`` the time that the host did not give the machine.
        """
        looks: list[Snapshot] = []
        with raise_priority():
            result = self.generator.run(job, lambda: looks.append(server.snapshot()))
        before, after = looks
        cpu_s = cpu_between(before, after)
        seconds = after.at - before.at
        elsewhere = after.machine_busy_s - before.machine_busy_s - sum(cpu_s.values())
        result["cpu_s"] = cpu_s
        result["elsewhere_cores"] = max(0.0, elsewhere - result["client_cpu_s"]) / seconds
        result["stolen_cores"] = (after.machine_stolen_s - before.machine_stolen_s) / seconds
        for flow in result["flows"]:
            self.report_faults(server, [f"{n} × {kind}" for kind, n in flow["errors"].items()])
        return result

    def report_faults(self, server: Running, faults: list[str]) -> None:
        """Record faults of a server."""
        self.complaints += [f"{server.contender.name}: {fault}" for fault in faults]


def figures(result: dict[str, Any], flow: int = 0) -> dict[str, float]:
    """Return the figures of a job by name, with the CPU time per unit of one of its flows."""
    seen = result["flows"][flow]
    units = seen["units"]
    found: dict[str, float] = {
        "units_per_s": seen["units_per_s"],
        "requests": seen["requests"],
        "errors": sum(seen["errors"].values()),
        "client_cores": result["client_cpu_s"] / result["seconds"],
        "elsewhere_cores": result["elsewhere_cores"],
        "stolen_cores": result["stolen_cores"],
    }
    for name in ("first_ms", "gap_ms", "latency_ms"):
        for share, value in (seen[name] or {}).items():
            found[f"{name}_{share}"] = value
    if units:
        cpu = {role: MICRO * seconds / units for role, seconds in result["cpu_s"].items()}
        found |= {f"cpu_us_{role}": spent for role, spent in cpu.items()}
        found |= outside(cpu)
    return found


def outside(cpu: dict[str, float]) -> dict[str, float]:
    """Return the CPU time outside of the engine per CPU time of the engine, in two ways."""
    if not cpu[ENGINE]:
        return {}
    path = sum(cpu[role] for role in ROLES if role not in (ENGINE, RAY))
    return {
        "path_per_engine": path / cpu[ENGINE],
        "all_per_engine": (path + cpu[RAY]) / cpu[ENGINE],
    }
