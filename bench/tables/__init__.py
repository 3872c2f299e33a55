"""Tables: each says which contenders it compares, what it asks of them, and how it is written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.contenders import Contender
from bench.running import Running
from bench.stage import Stage


@dataclass(frozen=True, slots=True)
class Sample:
    """What one contender did in one cell of a table in one round."""

    contender: str
    round: int
    cell: str
    figures: dict[str, float]


Cell = tuple[str, dict[str, float]]


class Table(Protocol):
    """A comparison. Contenders that several tables share are started once a round for all."""

    name: str
    title: str
    contenders: Sequence[Contender]
    """In the order of each round; every other is compared with the first."""

    def measure(self, server: Running, stage: Stage) -> Iterator[Cell]:
        """Yield the cells of a server that has just been started."""
        ...

    def markdown(self, samples: Sequence[Sample]) -> list[str]:
        """Return the lines of the table."""
        ...

    def draw(self, samples: Sequence[Sample], directory: Path) -> None:
        """Write the pictures that the table shows, if any."""
        ...
