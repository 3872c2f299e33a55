"""Costs of a request and of an idle server with more replicas, models and streams.

One server is changed while it runs. The CPU time per request should stay the same; throughput does
not grow, since all replicas share the same cores.
"""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.accounting import ENGINE, INGRESS, PROXY, RAY, REPLICA, cpu_between
from bench.checks import CHAT, SENTENCE, chat_body
from bench.client.job import Flow, Job
from bench.contenders import Contender
from bench.contenders.growing import CONTROLLER, MOST_STREAMS, SPEECH, GrowingHomeport, Shape
from bench.running import Running
from bench.stage import Stage, figures
from bench.summary import Summary, number, rows
from bench.tables import Cell, Sample

SHAPES = {
    "1 of each": Shape(),
    "2 ingress replicas": Shape(ingresses=2),
    "4 ingress replicas": Shape(ingresses=4),
    "2 model replicas": Shape(replicas=2),
    "4 model replicas": Shape(replicas=4),
    "10 models": Shape(models=10),
    "100 models": Shape(models=100),
    "100 models, 4 ingress replicas": Shape(ingresses=4, models=100),
}
STREAMS = (1, 32, 128, MOST_STREAMS)
CALLERS = 32
TOKENS = 32
IDLE_S = 10
SETTLE_S = 5
"""Delay after a change: the ingress polls, health checks start, HAProxy reloads."""
WARMUP_S = 4
"""Warm-up: the first hundreds of requests of a process cost half as much again."""
STREAMS_A_SECOND = 16
"""Few enough that each starts and ends several times within a window."""
SHARE = 0.6
"""Share of the usual window, because there are many cells."""
PATH = (INGRESS, REPLICA, PROXY, CONTROLLER, RAY)
PERCENT = 100


class Growth:
    """Growth."""

    name = "growth"
    title = "Growth"
    contenders: Sequence[Contender]

    def __init__(self) -> None:
        self._growing = GrowingHomeport()
        self.contenders = (self._growing,)

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Measure each shape, then streams."""
        for name, shape in SHAPES.items():
            seconds = self._growing.change(shape)
            time.sleep(SETTLE_S)
            yield name, {"change_s": seconds, **_at(server, stage, shape)}
        self._growing.change(Shape())
        self._growing.change(Shape(chat=True))
        time.sleep(SETTLE_S)
        body = chat_body(SENTENCE, TOKENS, stream=True)
        for streams in STREAMS:
            flow = Flow(server.url + CHAT, body, streams, units=TOKENS, stream=True)
            lasts_s = max(WARMUP_S, streams / STREAMS_A_SECOND)
            job = Job((flow,), lasts_s, warmup_s=lasts_s)
            yield f"{streams} streams", figures(stage.drive(server, job))

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        summary = Summary(samples)
        shapes = [cell for cell in summary.cells if cell in SHAPES]
        streams = [cell for cell in summary.cells if cell not in SHAPES]
        return [
            f"{CALLERS} callers ask for a spoken word, over and over; all models but the one that "
            "speaks sleep. Requests a second, milliseconds, and CPU microseconds for each request "
            "by the processes' role (all replicas of a role together):",
            "",
            *_table(summary, shapes, ("latency_ms_p50", "latency_ms_p99"), PATH),
            "",
            f"The same server while nobody asks anything ({IDLE_S} s): per cent of one core by "
            "role, MiB of memory (PSS) of an ingress replica and of the controller, and the "
            "seconds that the change to it took (models are built by a process each):",
            "",
            *_idle(summary, shapes),
            "",
            f"Streams of {TOKENS} tokens from one chat replica that takes {MOST_STREAMS} at once. "
            "Tokens a second, milliseconds to the first token, CPU microseconds for each token:",
            "",
            *_table(summary, streams, ("first_ms_p50", "first_ms_p99"), (ENGINE, *PATH)),
        ]

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Nothing."""


def _at(server: Running, stage: Stage, shape: Shape) -> dict[str, float]:
    """Return the costs of requests in a shape, and then of the idle server."""
    flow = Flow(server.url + SPEECH.path, json.dumps(SPEECH.body).encode(), CALLERS)
    job = Job((flow,), stage.options.seconds * SHARE, WARMUP_S)
    found = figures(stage.drive(server, job))
    before = server.snapshot()
    time.sleep(IDLE_S)
    after = server.snapshot()
    for role, seconds in cpu_between(before, after).items():
        found[f"idle_{role}"] = PERCENT * seconds / (after.at - before.at)
    memory = server.memory()
    found["pss_mib_ingress"] = memory[INGRESS]["pss"] / shape.ingresses
    found["pss_mib_controller"] = memory[CONTROLLER]["pss"]
    return found


def _table(
    summary: Summary, cells: Sequence[str], times: tuple[str, str], roles: Sequence[str]
) -> list[str]:
    """Return rates, times and CPU time by role of some cells."""
    header = ["", "a second", "p50 / p99 ms", *roles]
    return rows(
        header,
        [
            [
                cell,
                _value(summary, cell, "units_per_s"),
                " / ".join(_value(summary, cell, name) for name in times),
                *(_value(summary, cell, f"cpu_us_{role}") for role in roles),
            ]
            for cell in cells
        ],
    )


def _idle(summary: Summary, cells: Sequence[str]) -> list[str]:
    header = ["", *(f"{role} %" for role in PATH), "ingress MiB", "controller MiB", "change s"]
    names = [
        *(f"idle_{role}" for role in PATH),
        *("pss_mib_ingress", "pss_mib_controller", "change_s"),
    ]
    return rows(
        header, [[cell, *(_value(summary, cell, name) for name in names)] for cell in cells]
    )


def _value(summary: Summary, cell: str, figure: str) -> str:
    (contender,) = summary.contenders
    return number(summary.median(cell, contender, figure))
