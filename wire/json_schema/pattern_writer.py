"""Writes patterns of whole texts for the grammar compiler.

xgrammar matches a pattern with the whole of a string as it stands in the JSON text, so that ``a``
would not allow ``bar`` and ``"`` would end the string. Here they are anchored, and have the
characters as JSON encodes them. A character that JSON escapes is only written where nothing else is
possible.
"""

from collections.abc import Callable, Iterator, Sequence

from wire.json_schema.patterns import (
    Anchor,
    Chars,
    Node,
    Options,
    PatternError,
    Ranges,
    Repeat,
    Sequence_,
    check_size,
    intersect,
    invert,
)

MAX_REPEATS = 128
"""That the compiler takes at once."""
RAW = intersect(invert(((0, 31), (34, 34), (92, 92), (127, 127))), invert(((0xD800, 0xDFFF),)))
"""Characters that JSON writes as they are."""
SHORT = {8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 34: '"', 92: "\\\\"}


def write_pattern(node: Node) -> str:
    """Return the pattern over the text of JSON, for the compiler.

    Raises:
        PatternError: only characters that JSON escapes are left of an alternative.
    """
    check_size(node)
    return f"^{_write(node)}$"


def _write(node: Node) -> str:
    match node:
        case Chars(ranges):
            return _write_chars(ranges)
        case Sequence_(parts):
            return "".join(_write(part) for part in parts)
        case Options(options):
            # xgrammar reads no escapes among alternatives.
            plain = [option for option in map(_without_escapes, options) if option is not None]
            if not plain:
                raise PatternError("alternatives of characters that JSON escapes")
            return f"(?:{'|'.join(_write(option) for option in plain)})"
        case Repeat(part, least, most):
            return "".join(_write_repeats(_write(part), least, most))
        case Anchor():
            raise AssertionError("a pattern of whole texts has no anchors")


def _without_escapes(node: Node) -> Node | None:
    """Return what needs no character that JSON escapes; None: nothing."""
    match node:
        case Chars(ranges):
            return node if intersect(ranges, RAW) else None
        case Sequence_(parts):
            plain = [_without_escapes(part) for part in parts]
            kept = tuple(part for part in plain if part is not None)
            return Sequence_(kept) if len(kept) == len(plain) else None
        case Options(options):
            plain = [_without_escapes(option) for option in options]
            kept = tuple(option for option in plain if option is not None)
            return Options(kept) if kept else None
        case Repeat(part, least, most):
            plain = _without_escapes(part)
            if plain is None:
                return None if least else Sequence_(())
            return Repeat(plain, least, most)
        case Anchor():
            return node


def _write_repeats(part: str, least: int, most: int | None) -> Iterator[str]:
    while least > MAX_REPEATS or (most or 0) > MAX_REPEATS:
        yield f"(?:{part}){{{min(least, MAX_REPEATS)},{MAX_REPEATS}}}"
        least, most = max(least - MAX_REPEATS, 0), most and most - MAX_REPEATS
    match least, most:
        case 0, None:
            yield f"(?:{part})*"
        case 1, None:
            yield f"(?:{part})+"
        case 0, 1:
            yield f"(?:{part}|)"  # xgrammar takes '?' after a repetition for another one
        case _:
            yield f"(?:{part}){{{least}{'' if least == most else f',{most or str()}'}}}"


def _write_chars(ranges: Ranges) -> str:
    if raw := intersect(ranges, RAW):
        first, last = raw[0]
        if len(raw) == 1 and first == last and chr(first).isalnum() and chr(first).isascii():
            return chr(first)  # xgrammar takes an escaped full stop for any character
        return f"[{''.join(_write_range(first, last) for first, last in raw)}]"
    escaped = [code for code in (*SHORT, *range(32), 127) if any(a <= code <= b for a, b in ranges)]
    if not escaped:
        raise PatternError("a set without characters")
    code = escaped[0]
    return f"\\\\{SHORT[code]}" if code in SHORT else f"\\\\u{code:04x}"


def _write_range(first: int, last: int) -> str:
    both: Sequence[int] = (first,) if first == last else (first, last)
    write: Callable[[int], str] = lambda code: (  # noqa: E731
        chr(code) if chr(code).isascii() and chr(code).isalnum() else f"\\u{{{code:x}}}"
    )
    return "-".join(write(code) for code in both)
