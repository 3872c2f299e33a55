"""Regular expressions of JSON Schema (ECMA-262): their parts, lengths and texts."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from wire.limits import MAX_REGEX_PARTS

MAX_CODE = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]


class PatternError(ValueError):
    """A pattern is malformed, or has something that no grammar enforces."""


@dataclass(frozen=True)
class Chars:
    """One of these characters."""

    ranges: Ranges


@dataclass(frozen=True)
class Sequence_:
    """The parts, one after the other."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Options:
    """One of the options."""

    options: tuple["Node", ...]


@dataclass(frozen=True)
class Repeat:
    """The part, repeated."""

    part: "Node"
    least: int
    most: int | None


@dataclass(frozen=True)
class Anchor:
    """The beginning or the end of the text."""

    sign: str


Node = Chars | Sequence_ | Options | Repeat | Anchor


def chars(*parts: str | tuple[int, int]) -> Chars:
    """Return the set of these characters and ranges."""
    ranges = [part if isinstance(part, tuple) else (ord(part), ord(part)) for part in parts]
    return Chars(join_ranges(ranges))


def join_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return these ranges in order, without overlaps."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)


def invert(ranges: Ranges) -> Ranges:
    """Return the other characters."""
    inverted: list[tuple[int, int]] = []
    begin = 0
    for first, last in ranges:
        if first > begin:
            inverted.append((begin, first - 1))
        begin = last + 1
    return (*inverted, (begin, MAX_CODE)) if begin <= MAX_CODE else tuple(inverted)


def intersect(a: Ranges, b: Ranges) -> Ranges:
    """Return the characters of both."""
    return invert(join_ranges([*invert(a), *invert(b)]))


ANY = Chars(((0, MAX_CODE),))
ANYTHING = Repeat(ANY, 0, None)


def check_size(node: Node) -> None:
    """Check that the compiler takes a pattern.

    Raises:
        PatternError: it is too large.
    """
    if measure(node) > MAX_REGEX_PARTS:
        raise PatternError(f"larger than {MAX_REGEX_PARTS} parts with its repetitions written out")


def measure(node: Node) -> int:
    """Return the number of parts with the repetitions written out."""
    match node:
        case Sequence_(parts) | Options(parts):
            return sum(measure(part) for part in parts)
        case Repeat(part, least, most):
            return measure(part) * max(least, most or 0, 1)
        case Chars() | Anchor():
            return 1


def lengths(node: Node) -> tuple[int, int | None]:
    """Return the shortest and the greatest length of the texts; None: any."""
    match node:
        case Chars():
            return 1, 1
        case Sequence_(parts):
            each = [lengths(part) for part in parts]
            most = [most for _, most in each if most is not None]
            return sum(least for least, _ in each), sum(most) if len(most) == len(each) else None
        case Options(options):
            each = [lengths(option) for option in options]
            most = [most for _, most in each if most is not None]
            return min(least for least, _ in each), max(most) if len(most) == len(each) else None
        case Repeat(part, at_least, at_most):
            least, most = lengths(part)
            if most == 0 or at_most == 0:
                return 0, 0
            return least * at_least, None if most is None or at_most is None else most * at_most
        case Anchor():
            return 0, 0


def limit_length(node: Node, least: int, most: int | None) -> Node | None:
    """Return the pattern for texts of these lengths only; None: it cannot be written.

    Where several parts vary, the result leaves out some of the longest texts.
    """
    shortest, longest = lengths(node)
    if shortest >= least and (most is None or (longest is not None and longest <= most)):
        return node
    if isinstance(node, Options):
        limited = [limit_length(option, least, most) for option in node.options]
        kept = [option for option in limited if option is not None]
        return Options(tuple(kept)) if kept else None
    parts = list(node.parts) if isinstance(node, Sequence_) else [node]
    if len(parts) == 1 and isinstance(node, Sequence_):
        return limit_length(parts[0], least, most)
    varying = [i for i, part in enumerate(parts) if len(set(lengths(part))) > 1]
    unlimited = [i for i in varying if lengths(parts[i])[1] is None] or varying
    if len(unlimited) != 1 or not isinstance(repeat := parts[index := unlimited[0]], Repeat):
        return None
    rest = lengths(Sequence_((*parts[:index], *parts[index + 1 :])))
    unit = lengths(repeat.part)
    if rest[1] is None or unit[1] is None or not unit[0]:
        return None
    fewest = max(repeat.least, -(-(least - rest[0]) // unit[0]))
    limits = [limit for limit in (repeat.most,) if limit is not None]
    if most is not None:
        limits.append((most - rest[1]) // unit[1])
    greatest = min(limits, default=None)
    if greatest is not None and greatest < fewest:
        return None
    parts[index] = Repeat(repeat.part, fewest, greatest)
    return Sequence_(tuple(parts))


def matches(node: Node, text: str) -> bool:
    """Return whether a whole text is one of the pattern's.

    The time is at most that of a step for each part of the pattern at each character.
    """
    return _build_automaton(node).accepts(text)


class _Automaton:
    """The states in which a pattern may be after the characters so far."""

    def __init__(self, node: Node) -> None:
        self._chars: dict[int, tuple[Ranges, int]] = {}
        """What leads from a state to another."""
        self._jumps: list[tuple[int, ...]] = [()]
        """The states in which a pattern is as well; the first state is the end."""
        self._begin = self._add(node, 0)

    def accepts(self, text: str) -> bool:
        """Return whether a text leads from the beginning to the end."""
        states = self._close([self._begin])
        for char in text:
            code = ord(char)
            steps = (self._chars[state] for state in states if state in self._chars)
            states = self._close(
                [to for ranges, to in steps if any(a <= code <= b for a, b in ranges)]
            )
            if not states:
                return False
        return 0 in states

    def _close(self, states: list[int]) -> set[int]:
        closed = set[int]()
        while states:
            if (state := states.pop()) not in closed:
                closed.add(state)
                states += self._jumps[state]
        return closed

    def _new_state(self, *jumps: int) -> int:
        self._jumps.append(jumps)
        return len(self._jumps) - 1

    def _add(self, node: Node, end: int) -> int:
        """Add states that lead to ``end``, and return the first."""
        match node:
            case Chars(ranges):
                begin = self._new_state()
                self._chars[begin] = (ranges, end)
                return begin
            case Sequence_(parts):
                for part in reversed(parts):
                    end = self._add(part, end)
                return end
            case Options(options):
                return self._new_state(*(self._add(option, end) for option in options))
            case Repeat(part, least, most):
                return self._add_repeat(part, least, most, end)
            case Anchor():
                raise AssertionError("a pattern of whole texts has no anchors")

    def _add_repeat(self, part: Node, least: int, most: int | None, end: int) -> int:
        begin = end
        if most is None:
            begin = self._new_state()
            self._jumps[begin] = (self._add(part, begin), end)
        for _ in range(0 if most is None else most - least):
            begin = self._new_state(self._add(part, begin), end)
        for _ in range(least):
            begin = self._add(part, begin)
        return begin


@lru_cache(maxsize=32)
def _build_automaton(node: Node) -> _Automaton:
    return _Automaton(node)


def can_match(node: Node) -> bool:
    """Return whether there is a text that a pattern matches."""
    match node:
        case Chars(ranges):
            return bool(ranges)
        case Sequence_(parts):
            return all(map(can_match, parts))
        case Options(options):
            return any(map(can_match, options))
        case Repeat(part, least, _):
            return not least or can_match(part)
        case Anchor():
            return True
