"""Medians, ranges and ratios of samples for the tables."""

import statistics
from collections.abc import Sequence

from bench.tables import Sample

DIGITS = 3
DIVIDED = "÷"
"""Header of a column of ratios: the first contender's figure to that in the previous column."""


class Summary:
    """The samples of one table, by cell, contender and round."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.cells = list(dict.fromkeys(sample.cell for sample in samples))
        self.contenders = list(dict.fromkeys(sample.contender for sample in samples))
        self._figures = {
            (sample.cell, sample.contender, sample.round): sample.figures for sample in samples
        }

    def rounds(self, cell: str, contender: str, figure: str) -> dict[int, float]:
        """Return a figure of each round that has it."""
        return {
            number: figures[figure]
            for (at, by, number), figures in self._figures.items()
            if (at, by) == (cell, contender) and figure in figures
        }

    def median(self, cell: str, contender: str, figure: str) -> float | None:
        """Return the median over the rounds."""
        values = self.rounds(cell, contender, figure).values()
        return statistics.median(values) if values else None

    def ratios(self, cell: str, figure: str, of: str, to: str) -> list[float]:
        """Return the ratio in each round that both have."""
        above, below = self.rounds(cell, of, figure), self.rounds(cell, to, figure)
        return [above[number] / below[number] for number in above if below.get(number)]

    def all_samples(self, figure: str) -> list[float]:
        """Return a figure of all samples."""
        return [figures[figure] for figures in self._figures.values() if figure in figures]


def with_spread(values: Sequence[float]) -> str:
    """Return the median and, for several values, their range."""
    if not values:
        return "–"
    middle = number(statistics.median(values))
    if len(values) == 1:
        return middle
    return f"{middle} ({number(min(values))}–{number(max(values))})"


def number(value: float | None) -> str:
    """Return a number with three digits, or two after a leading 0, never with an exponent."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    whole = max(1, len(str(int(abs(value)))))
    return f"{value:.{max(0, DIGITS - whole)}f}"


def rows(header: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Return a table in Markdown."""
    return [
        f"| {' | '.join(header)} |",
        f"|{' --- |' * len(header)}",
        *(f"| {' | '.join(line)} |" for line in lines),
    ]


def compare(summary: Summary, title: str, *figures: str) -> list[str]:
    """Return a table of figures, each followed by the ratio of the first contender's to it.

    A column may have several figures; the ratio is that of the first.
    """
    first, *others = summary.contenders
    header = [title, first]
    for other in others:
        header += [other, DIVIDED]
    lines: list[list[str]] = []
    for cell in summary.cells:
        line = [cell, _values(summary, cell, first, figures)]
        for other in others:
            line.append(_values(summary, cell, other, figures))
            line.append(with_spread(summary.ratios(cell, figures[0], first, other)))
        lines.append(line)
    return rows(header, lines)


def _values(summary: Summary, cell: str, contender: str, figures: Sequence[str]) -> str:
    return " / ".join(number(summary.median(cell, contender, figure)) for figure in figures)
