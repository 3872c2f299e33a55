"""Cuts a text into pieces that are spoken one after the other, so that requests can take turns.

Nothing is lost: the pieces together are the text.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass

from wire.abbreviations import ABBREVIATION

_SENTENCE_END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*(?=\s)|[。！？．]+|\n+)\s*")
_CLAUSE_END = re.compile(r"[,;:—、，；：]\s*|\s-\s")
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_ABBREVIATION = re.compile(rf"{ABBREVIATION}$")


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a text."""

    text: str
    start: int
    """Where it begins in the whole text, in characters."""


def speakable(text: str) -> str:
    """Return the text with a space for each control character: as long as it was."""
    return _CONTROL.sub(" ", text)


def segments(text: str, max_chars: int, *, one_sentence: bool = False) -> Generator[Segment]:
    """Yield the whole text in pieces: as many sentences as fit into ``max_chars``, or one.

    A sentence that is too long is cut at a clause, else at a space, else anywhere.
    """
    start = 0
    while start < len(text):
        window = text[start : start + max_chars]
        is_last = start + len(window) == len(text)
        if is_last and not one_sentence:
            end = len(text)
        else:
            end = start + _cut(window, is_last=is_last, one_sentence=one_sentence)
        yield Segment(text[start:end], start)
        start = end


def _cut(window: str, *, is_last: bool, one_sentence: bool) -> int:
    """Return where to cut the window."""
    ends = _sentence_ends(window)
    end = next(ends, 0) if one_sentence else max(ends, default=0)
    if end or is_last:
        return end or len(window)
    for boundary in (_CLAUSE_END, _SPACE):
        end = max((match.end() for match in boundary.finditer(window)), default=0)
        if end:
            return end
    return len(window)


def _sentence_ends(window: str) -> Generator[int]:
    for match in _SENTENCE_END.finditer(window):
        # A dot after "Mr" ends no sentence, nor does a gap before any words.
        is_abbreviation = match[0].startswith(".") and _ABBREVIATION.search(
            window[max(0, match.start() - 8) : match.start()]
        )
        if not is_abbreviation and window[: match.end()].strip():
            yield match.end()
