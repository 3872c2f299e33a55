"""The data model of a parsed grammar: rules, alternatives and parts.

The model is flat: a group in parentheses is a rule of its own, so no code that walks a grammar
recurses, however deep the input nests.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from wire.limits import MAX_GRAMMAR_REPETITIONS

LAST_CODE_POINT = 0x10FFFF
SURROGATES = (0xD800, 0xDFFF)

Range = tuple[int, int]
"""First and last code point, inclusive."""


class GrammarError(Exception):
    """A problem in a grammar, and the character offset of its place."""

    def __init__(self, problem: str, at: int, /) -> None:
        super().__init__(problem, at)
        self.problem = problem
        self.at = at


@dataclass(frozen=True, slots=True)
class Literal:
    """A sequence of characters. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class CharacterClass:
    """A set of characters. The ranges are sorted, do not touch, and contain no surrogates."""

    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to another rule."""

    name: str
    at: int = field(compare=False)


Item = Literal | CharacterClass | Reference


@dataclass(frozen=True, slots=True)
class Part:
    """An item, and how often it may repeat."""

    item: Item
    least: int = 1
    most: int | None = 1
    """None: unbounded."""


Sequence = tuple[Part, ...]
"""Parts in order; an empty sequence matches the empty text."""


@dataclass(frozen=True, slots=True)
class Rule:
    """The alternatives of a rule."""

    options: tuple[Sequence, ...]
    at: int = field(compare=False)


Grammar = dict[str, Rule]
"""The rules by name. A group is a rule whose name has a space, which no client can write."""


def character_class(ranges: Iterable[Range], negated: bool) -> CharacterClass:
    """Return the class of the characters in these ranges, or if negated of all others."""
    excluded = ranges if negated else _outside(ranges)
    return CharacterClass(_outside([*excluded, SURROGATES]))


def join_repeats(parts: Iterable[Part]) -> Sequence:
    """Return a sequence in which adjacent repetitions of the same item are one part.

    ``x? x? x?`` becomes ``x{0,3}``: the engine counts the latter but tries every combination of the
    former.
    """
    sequence: list[Part] = []
    for part in parts:
        both = _merge(sequence[-1], part) if sequence else None
        if both is None:
            sequence.append(part)
        else:
            sequence[-1] = both
    return tuple(sequence)


def _merge(first: Part, second: Part) -> Part | None:
    counted = Part(first.item) != first or Part(second.item) != second
    if first.item != second.item or not (counted or isinstance(first.item, CharacterClass)):
        return None
    least = first.least + second.least
    most = None if first.most is None or second.most is None else first.most + second.most
    too_many = max(least, most or 0) > MAX_GRAMMAR_REPETITIONS
    return None if too_many else Part(first.item, least, most)


def _outside(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Return the complement of these ranges, sorted."""
    gaps: list[Range] = []
    free = 0
    for first, last in sorted(ranges):
        if first > free:
            gaps.append((free, first - 1))
        free = max(free, last + 1)
    if free <= LAST_CODE_POINT:
        gaps.append((free, LAST_CODE_POINT))
    return tuple(gaps)
