"""The tables: their contenders, measurements and output."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.contenders import Contender
from bench.running import Running
from bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Sample:
    """The figures of one contender in one cell of a table in one round."""

    contender: str
    round: int
    cell: str
    figures: dict[str, float]


Cell = tuple[str, dict[str, float]]


class Table(Protocol):
    """A comparison. Contenders that several tables share are started once per round."""

    name: str
    title: str
    contenders: Sequence[Contender]
    """In the order of each round. The first is compared with each other one."""

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Measure a started server and yield its cells."""
        ...

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        ...

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Write the table's pictures, if any."""
        ...
