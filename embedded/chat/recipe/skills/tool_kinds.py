"""What a kind of tool consists of, and how the values of its arguments come about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from embedded.chat.recipe.sample import Split, draw
from embedded.chat.recipe.vocabulary import WORDS, code, make_up_word

Maker = Callable[[Random, Split], Any]


@dataclass(frozen=True)
class Argument:
    """One argument: its possible names, its JSON type and how its values come about."""

    names: tuple[str, ...]
    kind: str
    make: Maker
    enum: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A kind of tool; requests name the arguments by their order as {0}, {1}, ..."""

    names: tuple[str, ...]
    descriptions: tuple[str, ...]
    arguments: tuple[Argument, ...]
    requests: tuple[str, ...]


def one_of(items: tuple[str, ...]) -> Maker:
    """Draws from the given values."""
    return lambda rng, split: rng.choice(items)


def whole(low: int, high: int) -> Maker:
    """Draws whole numbers between the two."""
    return lambda rng, split: rng.randint(low, high)


def some_word(rng: Random, split: Split) -> str:
    """A word for a free argument."""
    return (
        rng.choice(WORDS)
        if rng.random() < 0.7
        else draw(lambda: make_up_word(rng), split, key=lambda w: f"value:{w}")
    )


def some_code(rng: Random, split: Split) -> str:
    """A code for a free argument."""

    def make() -> str:
        # Letters first: digits alone would be a number to some.
        made = code(rng)
        return made if made[0].isalpha() else f"A{made}"

    return draw(make, split, key=lambda c: f"value:{c}")


def some_words(rng: Random, split: Split) -> str:
    """One to four words for a free argument."""
    return " ".join(some_word(rng, split) for _ in range(rng.randint(1, 4)))
