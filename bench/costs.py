"""Tables of the processor time of requests, and of other load on the machine."""

from bench.accounting import ENGINE, RAY, ROLES
from bench.summary import Summary, number, rows, with_spread

MEANING = (
    "The way of a request is everything but the engine (vLLM's engine core and worker) and Ray's "
    "daemons (GCS, raylet, Serve's controller, dashboard, agents, `serve run`). Where there is "
    "little to do, the engine's time is mostly waiting: its processes look for work in a loop."
)


def cpu(summary: Summary, unit: str) -> list[str]:
    """Return a table of CPU microseconds for each unit, by role."""
    path = [role for role in ROLES if role not in (ENGINE, RAY)]
    header = ["", "", ENGINE, *path, RAY, "way ÷ engine", "all but engine ÷ engine"]
    lines: list[list[str]] = []
    for cell in summary.cells:
        for contender in summary.contenders:
            medians = [
                summary.median(cell, contender, f"cpu_us_{role}") for role in (ENGINE, *path, RAY)
            ]
            if medians[0] is not None:
                ratios = [
                    with_spread([*summary.rounds(cell, contender, name).values()])
                    for name in ("path_per_engine", "all_per_engine")
                ]
                values = [number(value) if value else "" for value in medians]
                lines.append([cell, contender, *values, *ratios])
    return [f"CPU microseconds for each {unit}:", "", *rows(header, lines), "", MEANING]


def describe_load(summary: Summary) -> str:
    """Return a line about other load on the machine during the measurement."""
    values = {
        "the load generator": "client_cores",
        "everything else": "elsewhere_cores",
        "stolen by the host": "stolen_cores",
    }
    parts = [
        f"{name} {with_spread(summary.all_samples(figure))}" for name, figure in values.items()
    ]
    return f"Cores beside the server, over all windows: {', '.join(parts)}."
