"""Time from the command to the first streamed token, and memory of the idle server."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.accounting import ROLES
from bench.contenders import Contender
from bench.running import Running
from bench.stage import Stage
from bench.summary import Summary, number, rows, with_spread
from bench.tables import Cell, Sample

CELL = "idle"


class Start:
    """Cold start and memory."""

    name = "start"
    title = "Start and memory"

    def __init__(self, contenders: Sequence[Contender]) -> None:
        self.contenders = contenders

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Return the figures of a server that has answered once."""
        found = {"first_token_s": server.first_answer_s}
        for role, sizes in server.memory().items():
            found |= {f"{size}_mib_{role}": mib for size, mib in sizes.items()}
        for size in ("rss", "pss"):
            found[f"{size}_mib"] = sum(v for name, v in found.items() if f"{size}_mib_" in name)
        yield CELL, found

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        summary = Summary(samples)
        header = ["", "seconds to the first token", "all", *ROLES]
        lines = [
            [
                contender,
                with_spread([*summary.rounds(CELL, contender, "first_token_s").values()]),
                *(self._memory(summary, contender, role) for role in ("", *ROLES)),
            ]
            for contender in summary.contenders
        ]
        return [
            "Seconds from the command to the first streamed token, files in the page cache; then "
            "MiB of memory, idle, resident / proportional (pages that processes share are "
            "divided among them):",
            "",
            *rows(header, lines),
        ]

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Nothing."""

    @staticmethod
    def _memory(summary: Summary, contender: str, role: str) -> str:
        end = f"_{role}" if role else ""
        sizes = [summary.median(CELL, contender, f"{size}_mib{end}") for size in ("rss", "pss")]
        return " / ".join(number(size) for size in sizes) if all(sizes) else ""
