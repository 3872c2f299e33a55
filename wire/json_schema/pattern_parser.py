"""Parses regular expressions of ECMA-262 as patterns of whole texts."""

from wire.json_schema.patterns import (
    ANYTHING,
    MAX_CODE,
    Anchor,
    Chars,
    Node,
    Options,
    PatternError,
    Ranges,
    Repeat,
    Sequence_,
    chars,
    check_size,
    invert,
    join_ranges,
)
from wire.limits import MAX_REGEX_CHARS

DIGITS = ((ord("0"), ord("9")),)
WORD = join_ranges([*DIGITS, (ord("A"), ord("Z")), (ord("a"), ord("z")), (ord("_"), ord("_"))])
SPACES = join_ranges(
    (ord(first), ord(last))
    for first, last in zip(
        "\t \xa0\u1680\u2000\u2028\u202f\u205f\u3000\ufeff",
        "\r \xa0\u1680\u200a\u2029\u202f\u205f\u3000\ufeff",
        strict=True,
    )
)
LINE_ENDS = join_ranges([(10, 10), (13, 13), (0x2028, 0x2029)])
HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
CLASSES = {"d": DIGITS, "w": WORD, "s": SPACES}
LIMITS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13, "0": 0}
UNSUPPORTED = {
    "b": "word boundaries ('\\b')",
    "B": "word boundaries ('\\B')",
    "k": "backreferences",
    "p": "Unicode properties ('\\p')",
    "P": "Unicode properties ('\\P')",
}
LOOKS = ("?=", "?!", "?<=", "?<!")
MAX_LIMITS = len("{999999999,999999999}")


def read_pattern(text: str) -> Node:
    """Return what a pattern requires of a whole string.

    Raises:
        PatternError: it is malformed or cannot be enforced.
    """
    node = parse_pattern(text)
    check_size(node)
    return node


def parse_pattern(text: str) -> Node:
    """Return the same of a pattern of any size.

    Raises:
        PatternError: it is malformed or cannot be enforced.
    """
    if len(text) > MAX_REGEX_CHARS:
        raise PatternError(f"longer than {MAX_REGEX_CHARS} characters")
    return _anchor(_Parser(text).read())


def escape_braces(text: str) -> str:
    """Return a pattern in which braces that mean themselves are escaped, as the compiler needs.

    Raises:
        PatternError: it is malformed or cannot be enforced.
    """
    parser = _Parser(text)
    parser.read()
    for at in reversed(parser.braces):
        text = f"{text[:at]}\\{text[at:]}"
    return text


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.braces: list[int] = []
        """Where an opening brace means itself."""

    def read(self) -> Node:
        node = self._options(0)
        if self._at < len(self._text):
            raise PatternError("a ')' without a '('")
        return node

    def _peek(self, length: int = 1) -> str:
        return self._text[self._at : self._at + length]

    def _take(self) -> str:
        if not (char := self._peek()):
            raise PatternError("it ends in the middle of a part")
        self._at += 1
        return char

    def _options(self, depth: int) -> Node:
        if depth > 50:
            raise PatternError("more than 50 groups in one another")
        options = [self._sequence(depth)]
        while self._peek() == "|":
            self._at += 1
            options.append(self._sequence(depth))
        return options[0] if len(options) == 1 else Options(tuple(options))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._read_repeat(self._atom(depth)))
        return parts[0] if len(parts) == 1 else Sequence_(tuple(parts))

    def _atom(self, depth: int) -> Node:
        match char := self._take():
            case "(":
                return self._group(depth)
            case "[":
                return Chars(self._class())
            case ".":
                return Chars(invert(LINE_ENDS))
            case "^" | "$":
                return Anchor(char)
            case "\\":
                return Chars(self._escape())
            case "*" | "+" | "?":
                raise PatternError(f"nothing to repeat before '{char}'")
            case _:
                if char == "{":
                    self.braces.append(self._at - 1)
                return chars(char)

    def _group(self, depth: int) -> Node:
        if any(self._text.startswith(look, self._at) for look in LOOKS):
            raise PatternError("lookarounds cannot be enforced")
        if self._peek(2) == "?:":
            self._at += 2
        elif self._peek() == "?":
            end = self._text.find(">", self._at)
            if self._peek(2) != "?<" or end < 0:
                raise PatternError("a group that begins with '?' and is not one of ECMA-262")
            self._at = end + 1
        node = self._options(depth + 1)
        if self._peek() != ")":
            raise PatternError("a '(' that is never closed")
        self._at += 1
        return node

    def _read_repeat(self, part: Node) -> Node:
        limits = self._limits()
        if limits is None:
            return part
        if isinstance(part, Anchor):
            raise PatternError("an anchor that is repeated")
        least, most = limits
        if most is not None and most < least:
            raise PatternError(f"a repetition from {least} to {most}")
        if self._peek() == "?":  # lazy: the same texts
            self._at += 1
        if self._limits() is not None:
            raise PatternError("a repetition that is repeated")
        return Repeat(part, least, most)

    def _limits(self) -> tuple[int, int | None] | None:
        if limits := LIMITS.get(char := self._peek()):
            self._at += 1
            return limits
        end = self._text.find("}", self._at, self._at + MAX_LIMITS) if char == "{" else -1
        if end < 0:
            return None
        least, comma, most = self._text[self._at + 1 : end].partition(",")
        digits = least.isdecimal() and (most.isdecimal() or not most)
        if not digits or max(len(least), len(most)) > 9:
            return None  # a brace that means itself
        self._at = end + 1
        return int(least), int(most) if most else None if comma else int(least)

    def _class(self) -> Ranges:
        is_inverted = self._peek() == "^"
        self._at += is_inverted
        ranges: list[tuple[int, int]] = []
        while self._peek() != "]":
            first = self._member()
            if self._peek() == "-" and self._peek(2) != "-]" and len(first) == 1:
                self._at += 1
                last = self._member()
                if first[0][0] > last[-1][1]:
                    raise PatternError("a range of characters in reverse")
                ranges.append((first[0][0], last[-1][1]))
            else:
                ranges += first
        self._at += 1
        joined = join_ranges(ranges)
        return invert(joined) if is_inverted else joined

    def _member(self) -> Ranges:
        char = self._take()
        if char != "\\":
            return ((ord(char), ord(char)),)
        if self._peek() == "b":
            self._at += 1
            return ((8, 8),)
        return self._escape()

    def _escape(self) -> Ranges:
        char = self._take()
        if char in UNSUPPORTED:
            raise PatternError(f"{UNSUPPORTED[char]} cannot be enforced")
        if char.lower() in CLASSES:
            ranges = CLASSES[char.lower()]
            return ranges if char.islower() else invert(ranges)
        if char in CONTROLS:
            code = CONTROLS[char]
        elif char.isdecimal():
            raise PatternError("backreferences cannot be enforced")
        elif char in "xu":
            code = self._code(char)
        elif char == "c":
            code = ord(self._take()) % 32
        elif char.isalpha():
            raise PatternError(f"'\\{char}' is no escape of ECMA-262")
        else:
            code = ord(char)
        return ((code, code),)

    def _code(self, kind: str) -> int:
        if kind == "u" and self._peek() == "{":
            end = self._text.find("}", self._at)
            digits, self._at = self._text[self._at + 1 : max(end, self._at)], end + 1
        else:
            digits = self._peek(2 if kind == "x" else 4)
            self._at += len(digits)
        if not HEXADECIMAL.issuperset(digits) or not digits:
            raise PatternError(f"'\\{kind}' without its digits")
        code = int(digits, 16)
        if code > MAX_CODE:
            raise PatternError("a character beyond Unicode")
        return code


def _anchor(node: Node) -> Node:
    """Return a pattern of whole texts for one that may match anywhere."""
    if isinstance(node, Options):
        return Options(tuple(_anchor(option) for option in node.options))
    parts = list(node.parts) if isinstance(node, Sequence_) else [node]
    begins = bool(parts) and parts[0] == Anchor("^")
    del parts[:begins]
    ends = bool(parts) and parts[-1] == Anchor("$")
    if ends:
        parts.pop()
    if not begins and not ends and len(parts) == 1 and isinstance(parts[0], Options):
        return _anchor(parts[0])
    if any(_has_anchor(part) for part in parts):
        raise PatternError("anchors are enforced at the beginning and the end only")
    before = [] if begins else [ANYTHING]
    after = [] if ends else [ANYTHING]
    return ANYTHING if not parts and before and after else Sequence_((*before, *parts, *after))


def _has_anchor(node: Node) -> bool:
    match node:
        case Anchor():
            return True
        case Sequence_(parts) | Options(parts):
            return any(_has_anchor(part) for part in parts)
        case Repeat(part):
            return _has_anchor(part)
        case Chars():
            return False
