"""Scans the text of a grammar in GBNF: spaces, names, literals, classes and counts.

Offsets count characters of the text; errors carry the offset at which they occur.
"""

import re
from string import ascii_letters, digits

from wire.grammar.rules import (
    LAST_CODE_POINT,
    SURROGATES,
    CharacterClass,
    GrammarError,
    Range,
    character_class,
)
from wire.limits import MAX_GRAMMAR_REPETITIONS

SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
SPACE_IN_LINE = re.compile(r"(?:[ \t]+|#[^\r\n]*)*")
NAME = re.compile(r"[a-zA-Z0-9_-]*")
NAME_CHARS = frozenset(ascii_letters + digits + "-_")

COUNTS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}

_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"} | {char: char for char in '\\"[]-'}
_ESCAPE = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|(?P<char>[^xuU]))",
    re.DOTALL,
)
_PLAIN = re.compile(r'[^"\\]*')
_DIGITS = re.compile(r"[0-9]*")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Scanner:
    """A text and the current position in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.at = 0

    def next(self) -> str:
        """Return the next character, or an empty text at the end."""
        return self._text[self.at : self.at + 1]

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Advance past the match of a pattern, which may be empty, and return the match."""
        match = pattern.match(self._text, self.at)
        assert match is not None
        self.at = match.end()
        return match[0]

    def take(self, symbol: str, expected: str) -> None:
        """Advance past a required symbol."""
        if not self._text.startswith(symbol, self.at):
            raise self.syntax_error(expected)
        self.at += len(symbol)

    def syntax_error(self, what: str) -> GrammarError:
        """Return the error for an unexpected character at the current position."""
        char = self.next()
        found = {"": "the end", "\n": "a new line", "\r": "a new line"}.get(char, repr(char))
        return GrammarError(f"expected {what}, found {found}", self.at)

    def literal(self) -> str:
        """Read a literal in quotes."""
        at = self.at
        self.at += 1
        found: list[str] = []
        while self.next() != '"':
            if not self.next():
                raise GrammarError("a '\"' that is never closed", at)
            found.append(self.skip(_PLAIN) or chr(self._character(may_be_half=False)))
        self.at += 1
        return "".join(found)

    def character_class(self) -> CharacterClass:
        """Read a character class in brackets."""
        at = self.at
        self.at += 1
        negated = self.next() == "^"
        self.at += negated
        ranges: list[Range] = []
        while self.next() != "]":
            if not self.next():
                raise GrammarError("a '[' that is never closed", at)
            ranges.append(self._range())
        self.at += 1
        found = character_class(ranges, negated)
        if not ranges or not found.ranges:
            raise GrammarError("a class without characters", at)
        return found

    def count(self) -> tuple[int, int | None]:
        """Read a repetition count: minimum and maximum."""
        at = self.at
        if (sign := self.next()) in COUNTS:
            self.at += 1
            return COUNTS[sign]
        self.take("{", "'{'")
        self.skip(SPACE)
        least = self._number()
        if least is None and self.next() != ",":
            raise self.syntax_error("a number")
        most = least
        if self.next() == ",":
            self.at += 1
            self.skip(SPACE)
            most = self._number()
        self.take("}", "'}'" if most is not None else "a number or '}'")
        if most is not None and (least or 0) > most:
            raise GrammarError(f"at least {least} and at most {most} exclude each other", at)
        return least or 0, most

    def _number(self) -> int | None:
        at = self.at
        written = self.skip(_DIGITS)
        value = written.lstrip("0") or "0"
        # Check the length first: Python refuses to parse numbers of thousands of digits.
        if len(value) > len(str(MAX_GRAMMAR_REPETITIONS)) or int(value) > MAX_GRAMMAR_REPETITIONS:
            raise GrammarError(f"more than {MAX_GRAMMAR_REPETITIONS} repetitions", at)
        self.skip(SPACE)
        return int(value) if written else None

    def _range(self) -> Range:
        at = self.at
        first = last = self._character(may_be_half=True)
        if self.next() == "-" and self._text[self.at + 1 : self.at + 2] not in ("", "]"):
            self.at += 1
            last = self._character(may_be_half=True)
        if last < first:
            raise GrammarError(f"a reversed range, {self._text[at : self.at]}", at)
        return first, last

    def _character(self, may_be_half: bool) -> int:
        """Return the code point of the next character, which may be escaped.

        A lone surrogate is not a character, but may be the bound of a range in a class.
        """
        at = self.at
        if self.next() != "\\":
            self.at += 1
            return ord(self._text[at])
        match = _ESCAPE.match(self._text, at)
        if match is None:
            raise GrammarError("an escape that is cut: \\xHH, \\uHHHH or \\UHHHHHHHH", at)
        self.at = match.end()
        if (char := match["char"]) is not None:
            if char not in _ESCAPED:
                known = " ".join(f"\\{known}" for known in _ESCAPED)
                raise GrammarError(
                    f"an unknown escape, \\{char}; known: {known} \\xHH \\uHHHH \\UHHHHHHHH", at
                )
            return ord(_ESCAPED[char])
        code_point = int(match["x"] or match["u"] or match["U"], 16)
        half = SURROGATES[0] <= code_point <= SURROGATES[1] and not may_be_half
        if code_point > LAST_CODE_POINT or half:
            raise GrammarError(f"{match[0]} is no character", at)
        return code_point


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Return the position of a character, both counted from 1."""
    lines = _LINE_END.split(text[:at])
    return len(lines), len(lines[-1]) + 1
