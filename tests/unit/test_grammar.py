"""GBNF as LocalAI's users write it, in the EBNF of the engine, or refused with line and column.

That the engine means by it what llama.cpp means is in tests/engines.
"""

import pytest

from wire.grammar.ebnf import gbnf_to_ebnf
from wire.limits import (
    MAX_GRAMMAR_CHAIN,
    MAX_GRAMMAR_CHARS,
    MAX_GRAMMAR_NESTING,
    MAX_GRAMMAR_OPTIONAL,
    MAX_GRAMMAR_REPETITIONS,
)


@pytest.mark.parametrize(
    ("gbnf", "ebnf"),
    [
        ('root ::= "yes" | "no"', 'root ::= "yes" | "no"'),
        ('root ::= | "a"', 'root ::= "" | "a"'),
        ("root ::= ", 'root ::= ""'),
        ('root ::= ("a" | ) ()', 'root ::= group-1\ngroup-1 ::= "a" | ""'),
        ('root ::= (("a"))*', 'root ::= "a"*'),
        ('root ::= "a"+?', 'root ::= group-1?\ngroup-1 ::= "a"+'),
        ('root ::= "" "a"{0} ""* "b"', 'root ::= "b"'),
        ('root ::= "a"{2}"b"{ 2 , }"c"{,3}[d]{1,2}', 'root ::= "a"{2} "b"{2,} "c"{0,3} [d]{1,2}'),
        (
            r'root ::= "\x41b\u00e9\U0001F600\"\\\[\]\-\n"',
            r'root ::= "Ab\u00e9\U0001f600\u0022\u005c[]-\u000a"',
        ),
        ('root ::= "two\nlines é"', r'root ::= "two\u000alines \u00e9"'),
        (
            r"root ::= [a-c\x31-9_\]\-] [-a] [a-] [a^]",
            r"root ::= [\u002d1-9\u005d\u005fa-c] [\u002da]{2} [\u005ea]",
        ),
        (r"root ::= [^\n]", r"root ::= [\u0000-\u0009\u000b-\ud7ff\ue000-\U0010ffff]"),
        ("root ::= .", r"root ::= [\u0000-\ud7ff\ue000-\U0010ffff]"),
        ("root ::= [c-da-bb-c]", "root ::= [a-d]"),
        ("root ::= [0-9]? [0-9]? [0-9]+ [0-9]", "root ::= [0-9]{2,}"),
        (
            'root ::= ("a" | b)* ("a" | b)\nb ::= "b"',
            'root ::= group-1+\nrule-b ::= "b"\ngroup-1 ::= "a" | rule-b',
        ),
        ('root ::= Token true\nTokentrue ::= "a"\nToken ::= ""\ntrue ::= 1-a\n1-a ::= "x"', None),
    ],
)
def test_grammar_is_written_for_the_engine(gbnf: str, ebnf: str | None) -> None:
    written = gbnf_to_ebnf(gbnf)

    assert ebnf is None or written == ebnf + "\n"
    assert all(line.startswith(("root ", "rule-", "group-")) for line in written.splitlines())
    assert written.isascii()


@pytest.mark.parametrize(
    "gbnf",
    [
        '# words\nroot ::= "a" b # the end\n\n  b ::= "c"\n',
        'root::="a"b\nb::="c"',
        '\troot\t::=\n\n  "a" b\r\nb ::= "c"\r',
        'b ::= "c"\nroot ::= "a" b',
        'root ::= ( # first\n  "a"\n  ) b\nb ::= ((\n"c"\n))',
        'root ::= "a" b\nb ::= "c"\nb ::= "c" # twice the same',
    ],
)
def test_layout_and_order_of_a_grammar_mean_nothing(gbnf: str) -> None:
    assert gbnf_to_ebnf(gbnf) == 'root ::= "a" rule-b\nrule-b ::= "c"\n'


@pytest.mark.parametrize(
    "gbnf", ['root ::= "a" |\n\n "b"', 'root ::= "a"\n  # or\n  | "b"', 'root ::= ("a"\n|\n"b")']
)
def test_rule_goes_on_around_a_bar(gbnf: str) -> None:
    assert '"a" | "b"\n' in gbnf_to_ebnf(gbnf)


@pytest.mark.parametrize(
    ("gbnf", "says"),
    [
        ("", "line 1, column 1: no rule 'root'"),
        ('Root ::= "a"', "no rule 'root'"),
        ("root", "line 1, column 5: expected '::=', found the end"),
        ('root = "a"', "line 1, column 6: expected '::=', found '='"),
        ('"a"', "line 1, column 1: expected the name of a rule, found '\"'"),
        ('root ::= "a"\n"b"', "line 2, column 1: expected the name of a rule"),
        ('root ::= "a"\n\n  b ::= }', "line 3, column 9: expected a part of the rule"),
        ('root ::= "a" b ::= "c"', "line 1, column 16: expected a part of the rule, '|' or a new"),
        ("root ::= 'a'", "line 1, column 10: expected a part of the rule"),
        ('root ::= "a")', "column 13: expected a part of the rule, '|' or a new line, found ')'"),
        ('root ::= ("a"\n  ("b"', "line 2, column 7: expected ')' to the '(' of line 2, column 3"),
        ('root ::= "a', "line 1, column 10: a '\"' that is never closed"),
        ("root ::= [a", "line 1, column 10: a '[' that is never closed"),
        ("root ::= []", "column 10: a class without characters"),
        (r"root ::= [^\x00-\U0010FFFF]", "column 10: a class without characters"),
        ("root ::= [ac-b]", "column 12: a reversed range, c-b"),
        (r'root ::= "\d"', r"column 11: an unknown escape, \d; known: \n \r \t"),
        (r'root ::= "\x4"', r"column 11: an escape that is cut: \xHH"),
        (r'root ::= "\ud83d"', r"column 11: \ud83d is no character"),
        (r"root ::= [\U00110000]", r"column 11: \U00110000 is no character"),
        ("root ::= *", "column 10: expected something to repeat, found '*'"),
        ('root ::= "a" | {2}', "column 16: expected something to repeat"),
        ('root ::= "a"{}', "column 14: expected a number, found '}'"),
        ('root ::= "a"{2', "column 15: expected '}', found the end"),
        ('root ::= "a"{2,x}', "column 16: expected a number or '}', found 'x'"),
        ('root ::= "a"{3,2}', "column 13: at least 3 and at most 2 exclude each other"),
        ("root ::= a", "line 1, column 10: no rule 'a'"),
        ('root ::= "a"\r\nb ::= ("x" | c)', "line 2, column 14: no rule 'c'"),
        ('root ::= "a"\nroot ::= "b"', "line 2, column 1: 'root' is already defined in line 1"),
        ("root ::= <think>", "column 10: tokens of the model's vocabulary are not supported"),
        ('root ::= "a" !<[123]>', "column 14: tokens of the model's vocabulary"),
        ('root ::= root "+" | "1"', "column 10: left recursion: 'root' begins with 'root'"),
        (
            'root ::= "a"? (b | "c")\nb ::= root',
            "line 2, column 7: left recursion: 'root' begins with 'b' begins with 'root'",
        ),
        ('root ::= "a"\nx ::= e e x\ne ::= "" | "e"', "line 2, column 11: left recursion: 'x'"),
    ],
)
def test_wrong_grammar_is_refused_with_line_and_column(gbnf: str, says: str) -> None:
    with pytest.raises(ValueError) as raised:
        gbnf_to_ebnf(gbnf)

    assert says in str(raised.value)


@pytest.mark.parametrize(
    ("gbnf", "says"),
    [
        ("(" * 100_000, f"more than {MAX_GRAMMAR_CHARS} characters (received 100000)"),
        (
            "root ::= " + "(" * 50_000,
            f"column {10 + MAX_GRAMMAR_NESTING}: more than {MAX_GRAMMAR_NESTING} groups",
        ),
        ('root ::= "a"{%s}' % ("9" * 50_000), f"more than {MAX_GRAMMAR_REPETITIONS} repetitions"),
        ("root ::= [" + "a-" * 30_000, "never closed"),
        (
            "root ::= r0\n" + "".join(f"r{i} ::= r{i + 1}\n" for i in range(3000)) + 'r3000 ::= ""',
            f"more than {MAX_GRAMMAR_CHAIN} rules that begin with one another",
        ),
        ("root ::= " + "[a-z]? [0-9]* " * 26, f"more than {MAX_GRAMMAR_OPTIONAL} parts in a row"),
    ],
    ids=["long", "nested", "number", "class", "chain", "optional"],
)
def test_absurd_grammar_is_refused(gbnf: str, says: str) -> None:
    with pytest.raises(ValueError) as raised:
        gbnf_to_ebnf(gbnf)

    assert says in str(raised.value)
    assert len(str(raised.value)) < 200


def test_grammar_as_large_and_deep_as_allowed_is_written() -> None:
    nested = '("a" ' * MAX_GRAMMAR_NESTING + '"b"' + ")?" * MAX_GRAMMAR_NESTING
    rules = "".join(f'r{i} ::= | "a" r{i + 1}\n' for i in range(2000)) + 'r2000 ::= "b"\n'
    comment = "#" * (MAX_GRAMMAR_CHARS - len(nested) - len(rules) - len("root ::= r0 \n"))

    written = gbnf_to_ebnf(f"root ::= r0 {nested}\n{rules}{comment}")

    assert written.count("\n") == 1 + MAX_GRAMMAR_NESTING + 2001
