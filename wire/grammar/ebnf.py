r"""Writes a grammar in the EBNF of xgrammar, the library behind vLLM's grammars.

It resembles GBNF but differs: ``\x`` takes any number of digits, an alternative cannot be empty,
``.`` is part of a name, and ``Token(`` and ``true`` are reserved. All but plain characters are
therefore written as ``\u`` or ``\U``, and every name gets a prefix.
"""

from string import ascii_letters, digits

from wire.grammar.checks import ROOT, check
from wire.grammar.gbnf import line_and_column, read
from wire.grammar.rules import (
    CharacterClass,
    Grammar,
    GrammarError,
    Item,
    Literal,
    Part,
    Rule,
    Sequence,
)

EMPTY = '""'
PLAIN_IN_LITERALS = frozenset(chr(code) for code in range(0x20, 0x7F)) - {'"', "\\"}
PLAIN_IN_CLASSES = frozenset(ascii_letters + digits)
COUNT_SUFFIXES: dict[tuple[int, int | None], str] = {
    (1, 1): "",
    (0, None): "*",
    (1, None): "+",
    (0, 1): "?",
}


def gbnf_to_ebnf(text: str) -> str:
    """Translate a grammar from GBNF to the engine's EBNF.

    Raises:
        ValueError: has line, column and problem.
    """
    try:
        grammar = read(text)
        check(grammar)
    except GrammarError as error:
        line, column = line_and_column(text, error.at)
        raise ValueError(f"line {line}, column {column}: {error.problem}") from error
    return write(grammar)


def write(grammar: Grammar) -> str:
    """Return the rules as text, the root rule first."""
    rest = (name for name in grammar if name != ROOT)
    return "".join(_rule(name, grammar[name]) for name in (ROOT, *rest))


def _rule(name: str, rule: Rule) -> str:
    return f"{_name(name)} ::= {' | '.join(map(_sequence, rule.options))}\n"


def _name(name: str) -> str:
    """Return a name that is no reserved word of the engine. Names of groups have a space."""
    return name if name == ROOT else "group-" + name[6:] if " " in name else "rule-" + name


def _sequence(sequence: Sequence) -> str:
    return " ".join(map(_part, sequence)) or EMPTY


def _part(part: Part) -> str:
    return _item(part.item) + _count(part.least, part.most)


def _count(least: int, most: int | None) -> str:
    if (least, most) in COUNT_SUFFIXES:
        return COUNT_SUFFIXES[least, most]
    if least == most:
        return f"{{{least}}}"
    return f"{{{least},{'' if most is None else most}}}"


def _item(item: Item) -> str:
    match item:
        case Literal(text):
            return f'"{"".join(_character(ord(char), PLAIN_IN_LITERALS) for char in text)}"'
        case CharacterClass(ranges):
            return f"[{''.join(_range(first, last) for first, last in ranges)}]"
        case _:
            return _name(item.name)


def _range(first: int, last: int) -> str:
    begin, end = (_character(code, PLAIN_IN_CLASSES) for code in (first, last))
    return begin if first == last else f"{begin}-{end}"


def _character(code: int, plain: frozenset[str]) -> str:
    if (char := chr(code)) in plain:
        return char
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
