"""What a grammar is once it is read: rules of alternatives of parts, and the errors in it.

Flat: a group in parentheses is a rule of its own, so that nothing that walks a grammar recurses,
however deep a client nests. Knows neither how a grammar is read nor how it is written.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_REPETITIONS = 100_000
"""How often a part may be repeated. More does not fit into an answer, and the engine's counters
hold it; what it really costs does not grow with the number."""

LAST_CODE_POINT = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)

Range = tuple[int, int]
"""Code points from the first to the second, both included."""


class GrammarError(Exception):
    """What is wrong with a grammar, and where: the offset of a character in its text."""

    def __init__(self, problem: str, at: int, /) -> None:
        super().__init__(problem, at)
        self.problem = problem
        self.at = at


@dataclass(frozen=True, slots=True)
class Literal:
    """These characters one after the other. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class CharacterClass:
    """One character of several. The ranges are in order, apart, and free of surrogates."""

    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """What another rule allows."""

    name: str
    at: int = field(compare=False)


Item = Literal | CharacterClass | Reference


@dataclass(frozen=True, slots=True)
class Part:
    """An item, and how often it may stand there."""

    item: Item
    least: int = 1
    most: int | None = 1
    """None: without an end."""


Sequence = tuple[Part, ...]
"""Parts one after the other; the empty one is the empty text."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The alternatives that a name stands for."""

    options: tuple[Sequence, ...]
    at: int = field(compare=False)


Grammar = dict[str, Rule]
"""The rules by name. A group is a rule whose name has a space, which no client can write."""


def character_class(ranges: Iterable[Range], negated: bool) -> CharacterClass:
    """Return the class of the characters within these ranges, or of all others."""
    excluded = ranges if negated else _outside(ranges)
    return CharacterClass(_outside([*excluded, SURROGATES]))


def joined(parts: Iterable[Part]) -> Sequence:
    """Return a sequence in which neighbours that repeat the same are one part.

    ``x? x? x?`` is ``x{0,3}``: the engine counts the one, and tries the other in every combination.
    """
    sequence: list[Part] = []
    for part in parts:
        both = _together(sequence[-1], part) if sequence else None
        if both is None:
            sequence.append(part)
        else:
            sequence[-1] = both
    return tuple(sequence)


def _together(first: Part, second: Part) -> Part | None:
    counted = Part(first.item) != first or Part(second.item) != second
    if first.item != second.item or not (counted or isinstance(first.item, CharacterClass)):
        return None
    least = first.least + second.least
    most = None if first.most is None or second.most is None else first.most + second.most
    too_many = max(least, most or 0) > MAX_REPETITIONS
    return None if too_many else Part(first.item, least, most)


def _outside(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Return the ranges of what lies outside of these, in order."""
    gaps: list[Range] = []
    free = 0
    for first, last in sorted(ranges):
        if first > free:
            gaps.append((free, first - 1))
        free = max(free, last + 1)
    if free <= LAST_CODE_POINT:
        gaps.append((free, LAST_CODE_POINT))
    return tuple(gaps)
