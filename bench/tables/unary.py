"""Chats of one token: the overhead of a server."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import costs
from bench.checks import CHAT, SENTENCE, chat_body
from bench.client.job import Flow, Job
from bench.contenders import Contender
from bench.running import Running
from bench.stage import Stage, figures
from bench.summary import Summary, compare
from bench.tables import Cell, Sample

CALLERS = (1, 32)
SHARE = 0.5
"""Share of the usual window, because these answers are short."""


class Unary:
    """Complete answers of one token."""

    name = "unary"
    title = "Chat, one token"

    def __init__(self, contenders: Sequence[Contender]) -> None:
        self.contenders = contenders

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Measure one caller and many."""
        options = stage.options
        for callers in CALLERS:
            flow = Flow(server.url + CHAT, chat_body(SENTENCE, 1), callers)
            job = Job((flow,), options.seconds * SHARE, options.warmup_s * SHARE)
            yield f"{callers}", figures(stage.drive(server, job))

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        summary = Summary(samples)
        return [
            "Whole answers of one token: nearly nothing but what surrounds the engine. The bare "
            "FastAPI is one route around vLLM's own serving layer, in one process.",
            "",
            "Requests a second (more is better):",
            "",
            *compare(summary, "callers", "units_per_s"),
            "",
            "Milliseconds, median / 99th percentile (less is better):",
            "",
            *compare(summary, "callers", "latency_ms_p50", "latency_ms_p99"),
            "",
            *costs.cpu(summary, "request"),
            "",
            costs.describe_load(summary),
        ]

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Nothing."""
