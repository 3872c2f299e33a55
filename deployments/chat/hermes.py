"""Reads the calls in an answer in Hermes' format, as its text arrives.

A call is ``<tool_call>``, a JSON object with ``name`` and ``arguments``, and ``</tool_call>``. Its
end is that of the object: an argument may contain the marks. What a model writes after its first
call is not for the client, and neither is what stands between the marks and is no call.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic_core import from_json

BEGIN, END = "<tool_call>", "</tool_call>"
NAME, ARGUMENTS = "name", "arguments"

MARK = re.compile(f"{BEGIN}|{END}")
STRING = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*("?)', re.DOTALL)
"""The rest of a JSON string as far as it came, without a last backslash. The group is its end."""
DELIMITER = re.compile(r'[{}\[\],:"<]')
"""What separates the parts of JSON. No JSON has the last one outside a string."""


@dataclass(frozen=True, slots=True)
class CallBegins:
    """A call of a function."""

    name: str


@dataclass(frozen=True, slots=True)
class Arguments:
    """More of the last call's arguments."""

    text: str


Piece = str | CallBegins | Arguments
"""A part of an answer; a string is text for the client."""


class HermesReader:
    """Separates one answer into text and calls."""

    def __init__(self, names: Sequence[str] = (), *, must_call: bool = False) -> None:
        """Read an answer to a request that offers these functions."""
        self._names = set(names)
        self._must_call = must_call
        self._unread = ""
        self._blank = ""
        """Blanks at the beginning of the answer. They are no text if a call follows."""
        self._has_text = False
        self._has_calls = False
        self._call: _Call | None = None

    def read(self, text: str) -> list[Piece]:
        """Return what more of the answer adds."""
        pieces: list[Piece] = []
        self._unread += text
        while True:
            if self._call is None:
                self._read_text(pieces)
            else:
                self._unread = self._call.read(self._unread, pieces)
            if self._call is None or not self._call.has_ended:
                return _join(pieces)
            self._call = None

    def finish(self) -> list[Piece]:
        """Return what was held back, at the end of the answer.

        A call that was cut before its name was complete is returned if only one function fits.
        """
        if self._call is not None:
            fitting = [name for name in self._names if name.startswith(self._call.partial_name)]
            return _join(self._call.finish(fitting[0])) if len(fitting) == 1 else []
        if self._has_calls or self._must_call:
            return []
        # A single character may be anything; more of a mark is a call that was cut.
        text = self._blank + (self._unread if len(self._unread) == 1 else "")
        return [text] if text else []

    def _read_text(self, pieces: list[Piece]) -> None:
        """Read up to the beginning of a call."""
        while mark := MARK.search(self._unread):
            self._write(self._unread[: mark.start()], pieces)
            self._unread = self._unread[mark.end() :]
            if mark[0] == BEGIN:
                self._has_calls = True
                self._call = _Call()
                self._unread = self._call.read(self._unread, pieces)
                return
        end = len(self._unread) - _length_of_begun_mark(self._unread)
        self._write(self._unread[:end], pieces)
        self._unread = self._unread[end:]

    def _write(self, text: str, pieces: list[Piece]) -> None:
        if self._has_calls:
            return
        if not self._has_text and not text.strip():
            self._blank += text
            return
        self._has_text = True
        pieces.append(self._blank + text)
        self._blank = ""


class _Call:
    """One call, as far as it has come."""

    def __init__(self) -> None:
        self._place: Literal["before", "in", "after"] = "before"
        """Where the text stands to the object."""
        self._depth = 0
        self._in_string = False
        self._key: str | None = None
        """The member of the object whose value is read; None: a key is read."""
        self._keys = set[str]()
        self._part = ""
        """What came of the key, or of the name."""
        self._name: str | None = None
        self._held = ""
        """Arguments that came before the name."""
        self.has_ended = False

    @property
    def partial_name(self) -> str:
        """What came of a name that is not complete."""
        return self._part.removeprefix('"') if self._key == NAME and self._in_string else ""

    def read(self, text: str, pieces: list[Piece]) -> str:
        """Read the call's text, and return what follows it or cannot be read yet."""
        if self._place == "before":
            text = text.lstrip()
            if text:
                self._place = "in" if text[0] == "{" else "after"
        while text and self._place == "in":
            if self._in_string and text == "\\":  # without what it escapes
                return text
            read = self._read_string if self._in_string else self._read_part
            text = read(text, pieces)
        return self._read_after(text) if self._place == "after" else text

    def finish(self, name: str) -> list[Piece]:
        """Return the beginning of a call that was cut and whose name can only be this one."""
        if self._name is not None or self._place == "after":
            return []
        self._name = name
        return [CallBegins(name), Arguments(self._held)]

    def _read_string(self, text: str, pieces: list[Piece]) -> str:
        string = STRING.match(text)
        assert string is not None
        self._keep(string[0], pieces)
        self._in_string = not string[1]
        if string[1] and self._depth == 1 and self._key == NAME:
            self._begin(_parse(self._part), pieces)
        return text[string.end() :]

    def _read_part(self, text: str, pieces: list[Piece]) -> str:
        """Read up to a delimiter, and that."""
        delimiter = DELIMITER.search(text)
        before = text[: delimiter.start()] if delimiter else text
        self._keep(before.strip() if self._depth == 1 else before, pieces)
        if delimiter is None:
            return ""
        match delimiter[0]:
            case '"':
                self._in_string = True
                if self._depth == 1:
                    self._part = ""
                self._keep('"', pieces)
            case "{" | "[" | "}" | "]":
                self._read_bracket(delimiter[0], pieces)
            case "<":
                self._place = "after"
                return text[delimiter.start() :]
            case _ if self._depth > 1:
                self._keep(delimiter[0], pieces)
            case ",":
                self._key = None
            case _:
                self._set_key()
        return text[delimiter.end() :]

    def _read_bracket(self, bracket: str, pieces: list[Piece]) -> None:
        opens = bracket in "{["
        outer = self._depth if opens else self._depth - 1
        self._depth += 1 if opens else -1
        if outer:
            self._keep(bracket, pieces)
        elif not opens:
            self._complete(pieces)

    def _set_key(self) -> None:
        key, self._part = _parse(self._part), ""
        self._key = "" if not isinstance(key, str) or key in self._keys else key
        self._keys.add(self._key)

    def _keep(self, text: str, pieces: list[Piece]) -> None:
        """Keep or pass on a part of the object's text by where it stands."""
        if not text:
            return
        if self._key == ARGUMENTS and self._name is None:
            self._held += text
        elif self._key == ARGUMENTS:
            pieces.append(Arguments(text))
        elif self._depth == 1 and self._in_string:
            self._part += text

    def _begin(self, name: object, pieces: list[Piece]) -> None:
        if isinstance(name, str) and name:
            self._name = name
            pieces += [CallBegins(name), Arguments(self._held)]

    def _complete(self, pieces: list[Piece]) -> None:
        self._place = "after"
        if self._name is not None and ARGUMENTS not in self._keys:
            pieces.append(Arguments("{}"))

    def _read_after(self, text: str) -> str:
        """Drop what stands before a mark."""
        mark = MARK.search(text)
        if mark is None:
            return text[len(text) - _length_of_begun_mark(text) :]
        self.has_ended = True
        return text[mark.start() if mark[0] == BEGIN else mark.end() :]


def _join(pieces: list[Piece]) -> list[Piece]:
    """Join pieces of one kind, and leave out empty ones."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, str) and isinstance(last, str):
            joined[-1] = last + piece
        elif isinstance(piece, Arguments) and isinstance(last, Arguments):
            joined[-1] = Arguments(last.text + piece.text)
        elif piece != Arguments(""):
            joined.append(piece)
    return joined


def _parse(text: str) -> object:
    try:
        return from_json(text)
    except ValueError:
        return None


def _length_of_begun_mark(text: str) -> int:
    """Return the length of a mark's beginning at the end of a text."""
    lengths = range(min(len(text), len(END) - 1), 0, -1)
    return next((n for n in lengths if BEGIN.startswith(text[-n:]) or END.startswith(text[-n:])), 0)
