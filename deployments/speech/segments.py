"""Cuts a text into pieces that are spoken one after the other. Pure text; knows no library.

A long text neither waits to be spoken as a whole nor keeps others waiting for as long.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass

_SENTENCE_END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*(?=\s)|[。！？．]+|\n+)\s*")
_CLAUSE_END = re.compile(r"[,;:—、，；：]\s*|\s-\s")
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a text."""

    text: str
    start: int
    """Where it begins in the whole text, in characters."""


def speakable(text: str) -> str:
    """Return the text with a space for each control character: as long as it was."""
    return _CONTROL.sub(" ", text)


def segments(text: str, max_chars: int) -> Generator[Segment]:
    """Yield the whole text in pieces of whole sentences, as many as fit into ``max_chars``.

    A sentence that is too long is cut at a clause, else at a space, else anywhere.
    """
    start = 0
    while len(text) - start > max_chars:
        window = text[start : start + max_chars]
        end = start + _cut(window)
        yield Segment(text[start:end], start)
        start = end
    if text[start:].strip():
        yield Segment(text[start:], start)


def _cut(window: str) -> int:
    """Return where to cut a text that goes on behind the window."""
    for boundary in (_SENTENCE_END, _CLAUSE_END, _SPACE):
        # A boundary at the very end might go on behind the window: "." of "3.14".
        ends = [match.end() for match in boundary.finditer(window) if match.end() < len(window)]
        if ends:
            return ends[-1]
    return len(window)
