"""Reads the lists that the skills hold as text: words, phrases and pairs."""

from __future__ import annotations


def words(text: str) -> tuple[str, ...]:
    """The words of a text, in their order."""
    return tuple(text.split())


def phrases(text: str) -> tuple[str, ...]:
    """The phrases between the upright strokes of a text, in their order."""
    return tuple(" ".join(phrase.split()) for phrase in text.split("|"))


def pairs(text: str) -> dict[str, str]:
    """The `key=value` pairs between the semicolons of a text, in their order."""
    split = (pair.split("=") for pair in text.split(";") if pair.strip())
    return {" ".join(key.split()): " ".join(value.split()) for key, value in split}
