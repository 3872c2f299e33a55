"""Aliases with wildcards: ``gpt-*`` is every name that begins so, ``o?`` every one with one more.

An exact name has precedence over all of them, and of several that match the most specific one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from wire.calls import Kind
from wire.card import ModelCard

MAX_NAME_CHARS = 200
"""Of a name that is compared, as of a model's id."""

_WILDCARD = re.compile(r"[*?]")


@dataclass(frozen=True, slots=True)
class _Pattern:
    alias: str
    model_id: str
    kind: Kind | None

    @property
    def num_exact(self) -> int:
        """The number of characters that are no wildcards."""
        return len(_WILDCARD.sub("", self.alias))


class Wildcards:
    """The aliases with wildcards of all models."""

    def __init__(self, cards: Iterable[ModelCard] = ()) -> None:
        patterns = [
            _Pattern(alias, card.id, card.kind)
            for card in cards
            for alias in card.aliases
            if has_wildcard(alias)
        ]
        self._patterns = sorted(patterns, key=lambda pattern: -pattern.num_exact)

    def find(self, name: str, kind: Kind | None) -> str | None:
        """Return the id of the model whose alias fits best, of equal ones that of this kind."""
        fitting = [each for each in self._patterns if matches(each.alias, name)]
        best = [each for each in fitting if each.num_exact == fitting[0].num_exact]
        of_kind = [each for each in best if each.kind == kind]
        return next((each.model_id for each in of_kind or best), None)


def has_wildcard(alias: str) -> bool:
    """Return whether an alias stands for several names."""
    return _WILDCARD.search(alias) is not None


def matches(alias: str, name: str) -> bool:
    """Return whether a name is an alias or one of those that it stands for."""
    if not has_wildcard(alias):
        return alias == name
    return len(name) <= MAX_NAME_CHARS and _compile(alias).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compile(alias: str) -> re.Pattern[str]:
    # Not a colon: behind it is the name of an adapter.
    wildcards = {r"\*": "[^:]*", r"\?": "[^:]"}
    return re.compile(re.sub(r"\\[*?]", lambda found: wildcards[found[0]], re.escape(alias)))
