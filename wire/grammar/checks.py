"""Checks on a complete grammar, independent of its notation.

Nothing here recurses, and the time is linear in the grammar's size.
"""

from collections import defaultdict
from collections.abc import Iterator

from wire.grammar.rules import Grammar, GrammarError, Part, Reference, Sequence
from wire.limits import MAX_GRAMMAR_CHAIN, MAX_GRAMMAR_OPTIONAL

ROOT = "root"


def check(grammar: Grammar) -> None:
    """Refuse a grammar that is incomplete, or too expensive for the engine.

    Raises:
        GrammarError: names the rule.
    """
    if ROOT not in grammar:
        raise GrammarError(f"no rule '{ROOT}', with which every answer begins", 0)
    for rule in grammar.values():
        for option in rule.options:
            for part in option:
                if isinstance(part.item, Reference) and part.item.name not in grammar:
                    raise GrammarError(f"no rule '{part.item.name}'", part.item.at)
    empty = _may_be_empty(grammar)
    _refuse_left_recursion(grammar, empty)
    for rule in grammar.values():
        for option in rule.options:
            if _longest_row(option, empty) > MAX_GRAMMAR_OPTIONAL:
                raise GrammarError(
                    f"more than {MAX_GRAMMAR_OPTIONAL} parts in a row that may be left out", rule.at
                )


def _refuse_left_recursion(grammar: Grammar, empty: set[str]) -> None:
    """Follow each rule to the rules that it can begin with; a cycle is left recursion."""
    begins = {
        name: [first for option in rule.options for first in _firsts(option, empty)]
        for name, rule in grammar.items()
    }
    depths: dict[str, int] = {}
    for start in grammar:
        path = {start: iter(begins[start])} if start not in depths else {}
        while path:
            name, ahead = next(reversed(path.items()))
            first = next((first for first in ahead if first.name not in depths), None)
            if first is None:
                del path[name]
                depths[name] = 1 + max((depths[first.name] for first in begins[name]), default=0)
                if depths[name] > MAX_GRAMMAR_CHAIN:
                    raise GrammarError(
                        f"more than {MAX_GRAMMAR_CHAIN} rules that begin with one another",
                        grammar[name].at,
                    )
            elif first.name in path:
                raise _left_recursion(list(path), first)
            else:
                path[first.name] = iter(begins[first.name])


def _left_recursion(path: list[str], again: Reference) -> GrammarError:
    circle = path[path.index(again.name) :]
    names = [f"'{name}'" for name in circle if " " not in name]  # names of groups are internal
    return GrammarError(
        f"left recursion: {' begins with '.join([*names, names[0]])}; write a repetition with '*' "
        "or '+', or the recursion at the end",
        again.at,
    )


def _firsts(option: Sequence, empty: set[str]) -> Iterator[Reference]:
    """Return the rules that an alternative can begin with."""
    for part in option:
        if isinstance(part.item, Reference):
            yield part.item
        if not _is_optional(part, empty):
            return


def _longest_row(option: Sequence, empty: set[str]) -> int:
    longest = row = 0
    for part in option:
        row = row + 1 if _is_optional(part, empty) else 0
        longest = max(longest, row)
    return longest


def _is_optional(part: Part, empty: set[str]) -> bool:
    return part.least == 0 or (isinstance(part.item, Reference) and part.item.name in empty)


def _may_be_empty(grammar: Grammar) -> set[str]:
    """Return the rules that allow the empty text."""
    empty: set[str] = set()
    found: list[str] = []
    waiting: defaultdict[str, list[_Option]] = defaultdict(list)
    for name, rule in grammar.items():
        for option in rule.options:
            needed = [part.item for part in option if not _is_optional(part, empty)]
            rules = [item.name for item in needed if isinstance(item, Reference)]
            if not needed:
                found.append(name)
            elif len(rules) == len(needed):
                candidate = _Option(name, len(rules))
                for needed_rule in rules:
                    waiting[needed_rule].append(candidate)
    while found:
        name = found.pop()
        if name not in empty:
            empty.add(name)
            for option in waiting[name]:
                option.missing -= 1
                if not option.missing:
                    found.append(option.rule)
    return empty


class _Option:
    """An alternative that can be empty if all rules that it refers to can be empty."""

    def __init__(self, rule: str, missing: int) -> None:
        self.rule = rule
        self.missing = missing
