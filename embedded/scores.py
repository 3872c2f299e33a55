"""The table of held-out scores, printed and kept in each card of an embedded model.

Knows nothing of any model: a recipe measures, this shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BEGIN_MARK, END_MARK = "<!-- scores: begin -->", "<!-- scores: end -->"


@dataclass(frozen=True)
class Score:
    """One figure of a model."""

    subject: str
    """What was asked of it."""
    figure: str
    """How it did, with its unit."""
    asked: int
    """How many held-out questions the figure is made of."""


def share(right: int, asked: int) -> str:
    """Return how many of the questions went right, in percent."""
    return f"{100 * right / asked:.1f} %"


def as_table(measure: str, scores: Iterable[Score]) -> str:
    """Return the scores as a Markdown table; ``measure`` heads the figures."""
    rows = [f"| {score.subject} | {score.figure} | {score.asked} |" for score in scores]
    return "\n".join([f"| Held out | {measure} | Questions |", "| --- | ---: | ---: |", *rows])


def update_card(table: str, card: Path) -> None:
    """Replace the table between the two marks of a card."""
    before, rest = card.read_text().split(BEGIN_MARK)
    _, after = rest.split(END_MARK)
    card.write_text(f"{before}{BEGIN_MARK}\n{table}\n{END_MARK}{after}")
