"""Parses GBNF, llama.cpp's notation of grammars, with llama.cpp's meaning.

Reference: https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md.
Input that llama.cpp accepts but misreads is refused: a second definition that replaces the first,
a reversed range, a count that becomes infinite. As an extension, a line may start with ``|``.
"""

from dataclasses import dataclass, field

from wire.grammar.rules import (
    Grammar,
    GrammarError,
    Literal,
    Part,
    Reference,
    Rule,
    Sequence,
    character_class,
    join_repeats,
)
from wire.grammar.scanner import (
    COUNTS,
    NAME,
    NAME_CHARS,
    SPACE,
    SPACE_IN_LINE,
    Scanner,
    line_and_column,
)
from wire.limits import MAX_GRAMMAR_CHARS, MAX_GRAMMAR_NESTING

Options = tuple[Sequence, ...]


def read(text: str) -> Grammar:
    """Parse a grammar into its rules.

    Raises:
        GrammarError: the text is not GBNF, is too large, or uses tokens of the vocabulary.
    """
    if len(text) > MAX_GRAMMAR_CHARS:
        raise GrammarError(
            f"more than {MAX_GRAMMAR_CHARS} characters (received {len(text)})", MAX_GRAMMAR_CHARS
        )
    return _Reader(text).grammar()


@dataclass(slots=True)
class _Group:
    """The parsed part of a rule's body or of a group in parentheses."""

    at: int
    options: list[Sequence] = field(default_factory=list[Sequence])
    parts: list[Part | None] = field(default_factory=list["Part | None"])
    """None is the empty text, which has no effect even if repeated."""

    def end_option(self) -> None:
        self.options.append(join_repeats(part for part in self.parts if part is not None))
        self.parts = []

    def end(self) -> Options:
        self.end_option()
        return tuple(self.options)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._scanner = Scanner(text)
        self._rules: Grammar = {}
        self._groups: Grammar = {}
        self._names: dict[Options, str] = {}

    def grammar(self) -> Grammar:
        self._scanner.skip(SPACE)
        while self._scanner.next():
            self._rule()
            self._scanner.skip(SPACE)
        return self._rules | self._groups

    def _rule(self) -> None:
        scanner = self._scanner
        at = scanner.at
        name = scanner.skip(NAME)
        if not name:
            raise scanner.syntax_error("the name of a rule")
        scanner.skip(SPACE_IN_LINE)
        scanner.take("::=", "'::='")
        scanner.skip(SPACE)
        options = self._body(at)
        if scanner.next() not in ("", "\r", "\n"):
            raise scanner.syntax_error("a part of the rule, '|' or a new line")
        first = self._rules.setdefault(name, Rule(options, at))
        if first.options != options:
            line, _ = line_and_column(self._text, first.at)
            raise GrammarError(f"'{name}' is already defined in line {line}", at)

    def _body(self, at: int) -> Options:
        """Read alternatives up to the end of the rule. Open groups are on an explicit stack."""
        scanner = self._scanner
        groups = [_Group(at)]
        while True:
            group = groups[-1]
            char = scanner.next()
            if char == "(":
                if len(groups) > MAX_GRAMMAR_NESTING:
                    raise GrammarError(
                        f"more than {MAX_GRAMMAR_NESTING} groups in each other", scanner.at
                    )
                groups.append(_Group(scanner.at))
                scanner.at += 1
            elif char == ")" and len(groups) > 1:
                groups.pop()
                groups[-1].parts.append(self._group(group.end(), group.at))
                scanner.at += 1
            elif char == "|":
                group.end_option()
                scanner.at += 1
                scanner.skip(SPACE)
            elif char == "{" or char in COUNTS:
                self._repeat(group)
            elif not self._item(char, group) and not self._continues(groups):
                return group.end()
            scanner.skip(SPACE if len(groups) > 1 else SPACE_IN_LINE)

    def _continues(self, groups: list[_Group]) -> bool:
        """Return whether the rule continues on a later line; if it does, advance to it."""
        if len(groups) > 1:
            line, column = line_and_column(self._text, groups[-1].at)
            raise self._scanner.syntax_error(f"')' to the '(' of line {line}, column {column}")
        end = self._scanner.at
        self._scanner.skip(SPACE)
        if self._scanner.next() == "|":
            return True
        self._scanner.at = end
        return False

    def _item(self, char: str, group: _Group) -> bool:
        """Read a literal, a class or a name; return whether there was one."""
        scanner = self._scanner
        if char == '"':
            literal = scanner.literal()
            group.parts.append(Part(Literal(literal)) if literal else None)
        elif char == "[":
            group.parts.append(Part(scanner.character_class()))
        elif char == ".":
            scanner.at += 1
            group.parts.append(Part(character_class((), negated=True)))
        elif char in NAME_CHARS:
            at = scanner.at
            group.parts.append(Part(Reference(scanner.skip(NAME), at)))
        elif char in ("<", "!"):
            raise GrammarError(
                "tokens of the model's vocabulary are not supported; write their characters as a "
                "literal in quotes",
                scanner.at,
            )
        else:
            return False
        return True

    def _repeat(self, group: _Group) -> None:
        at = self._scanner.at
        if not group.parts:
            raise self._scanner.syntax_error("something to repeat")
        least, most = self._scanner.count()
        part = group.parts[-1]
        if part is not None and part != Part(part.item):  # repeated already, as in x+?
            part = self._reference(((part,),), at)
        group.parts[-1] = None if part is None or most == 0 else Part(part.item, least, most)

    def _group(self, options: Options, at: int) -> Part | None:
        match options:
            case ((),):
                return None
            case ((Part(_, 1, 1) as only,),):
                return only
            case _:
                return self._reference(options, at)

    def _reference(self, options: Options, at: int) -> Part:
        """Return a reference to a group. Identical groups share one name."""
        name = self._names.setdefault(options, f"group {len(self._names) + 1}")
        self._groups.setdefault(name, Rule(options, at))
        return Part(Reference(name, at))
