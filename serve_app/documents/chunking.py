"""Splits a text into overlapping chunks, at the best borders within reach.

Tokens are estimated, since each model has its own tokenizer: one token for four letters of a Latin
word, for a character of a script without spaces and for a punctuation mark, half a token for other
letters. For English that is slightly more than tokenizers count.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

WITHOUT_SPACES = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
"""Scripts of China, Japan and Korea."""
PIECE = re.compile(rf"[A-Za-z]{{1,16}}|[0-9]{{1,3}}|[{WITHOUT_SPACES}]|[^\W\d_A-Za-z]{{1,8}}|\S")
INSIDE, WORD, SENTENCE, PARAGRAPH = 0, 1, 2, 3
"""Kinds of borders, by what begins there."""
SPACES_OF_TOKEN = 16
SENTENCE_ENDS = ".!?…:;。！？"
REACH = 3
"""Borders are searched in the last third of a chunk, and in the first third of an overlap."""


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A chunk of a text, and the offsets of its parts, which are embedded one by one."""

    text: str
    starts: list[int]

    @property
    def parts(self) -> list[str]:
        """The parts, which joined are the text."""
        ends = [*self.starts[1:], len(self.text)]
        return [self.text[start:end] for start, end in zip(self.starts, ends, strict=True)]


class Pieces:
    """The pieces of a text: the offset, kind of border and number of preceding tokens of each."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = array("q")
        self.borders = bytearray()
        self.tokens = array("q", [0])
        end, total = 0, 0
        for match in PIECE.finditer(text):
            start = match.start()
            self.starts.append(start)
            self.borders.append(_classify_border(text[max(0, end - 1) : start], is_first=not end))
            total += _estimate_tokens(match[0]) + (start - end) // SPACES_OF_TOKEN
            self.tokens.append(total)
            end = match.end()
        self.starts.append(len(text))
        self.borders.append(PARAGRAPH)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def find_end(self, first: int, max_tokens: int) -> int:
        """Return the piece before which a chunk that begins with ``first`` ends."""
        last = bisect_right(self.tokens, self.tokens[first] + max_tokens) - 1
        if last >= len(self):
            return len(self)
        last = max(last, first + 1)
        earliest = bisect_left(
            self.tokens, self.tokens[last] - (self.tokens[last] - self.tokens[first]) // REACH
        )
        return self._best(max(earliest, first + 1), last, latest=True)

    def find_overlap(self, end: int, overlap: int) -> int:
        """Return the piece before ``end`` with which the next chunk begins."""
        earliest = bisect_left(self.tokens, self.tokens[end] - overlap)
        latest = bisect_left(self.tokens, self.tokens[end] - overlap * (REACH - 1) // REACH)
        return self._best(earliest, max(earliest, latest), latest=False)

    def slice(self, first: int, end: int) -> str:
        """Return the text from one piece to another."""
        return self.text[self.starts[first] : self.starts[end]]

    def _best(self, earliest: int, last: int, *, latest: bool) -> int:
        borders = self.borders[earliest : last + 1]
        best = max(borders)
        return earliest + (borders.rindex(best) if latest else borders.index(best))


def split_text(text: str, max_tokens: int, overlap: int, part_tokens: int) -> Iterator[TextChunk]:
    """Yield the chunks of a text in order, each in parts of at most ``part_tokens``."""
    pieces = Pieces(text)
    first = 0
    while first < len(pieces):
        end = pieces.find_end(first, max_tokens)
        chunk = pieces.slice(first, end).rstrip()
        origin = pieces.starts[first]
        starts, part = [0], first
        while (part := pieces.find_end(part, part_tokens)) < end:
            starts.append(pieces.starts[part] - origin)
        yield TextChunk(chunk, starts)
        if end >= len(pieces):
            return
        first = max(pieces.find_overlap(end, overlap) if overlap else end, first + 1)


def _classify_border(gap: str, *, is_first: bool) -> int:
    """Return the kind of border between two pieces, from the last character of the first on."""
    space = gap[1:]
    if is_first or space.count("\n") > 1 or "\f" in space:
        return PARAGRAPH
    if "\n" in space or (space and gap[0] in SENTENCE_ENDS) or gap[:1] in ("。", "！", "？"):
        return SENTENCE
    return WORD if space else INSIDE


def _estimate_tokens(piece: str) -> int:
    if piece.isascii():
        return -(-len(piece) // 4)
    return -(-len(piece) // 2)
