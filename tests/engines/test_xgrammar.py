"""The real xgrammar allows by our EBNF what llama.cpp allows by the GBNF it was written from."""

import random
from collections.abc import Callable
from functools import cache
from itertools import product

import pytest

from wire.grammar.ebnf import gbnf_to_ebnf

Allows = Callable[[str, str | bytes], bool]

END = 256
"""The token that ends an answer; the others are the bytes."""

JSON = r"""
# JSON as in llama.cpp's examples
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws

object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws

array  ::=
  "[" ws (
            value
    ("," ws value)*
  )? "]" ws

string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws

number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws

# Optional space: by convention, applied in this grammar after literal chars when allowed
ws ::= | " " | "\n" [ \t]{0,20}
"""


@pytest.fixture(scope="module")
def allows() -> Allows:
    """Return a function that tells whether an answer is one of a grammar in GBNF."""
    import xgrammar

    vocabulary = [bytes([byte]) for byte in range(256)] + [b"</s>"]
    tokenizer = xgrammar.TokenizerInfo(
        vocabulary, xgrammar.VocabType.RAW, vocab_size=len(vocabulary), stop_token_ids=[END]
    )
    compiler = xgrammar.GrammarCompiler(tokenizer, max_threads=1)

    @cache
    def compiled(gbnf: str) -> xgrammar.CompiledGrammar:
        return compiler.compile_grammar(gbnf_to_ebnf(gbnf))

    def allowed(gbnf: str, answer: str | bytes) -> bool:
        matcher = xgrammar.GrammarMatcher(compiled(gbnf))
        tokens = [*(answer.encode() if isinstance(answer, str) else answer), END]
        return all(matcher.accept_token(token) for token in tokens)

    return allowed


@pytest.mark.parametrize(
    ("gbnf", "allowed", "refused"),
    [
        ('root ::= "yes" | "no"', ["yes", "no"], ["", "ye", "yesno", "maybe"]),
        ('root ::= | "a"', ["", "a"], ["aa"]),
        ('root ::= ("a" | ) "b" ()', ["ab", "b"], ["a", ""]),
        ("root ::= ", [""], ["a"]),
        ('root ::= a-1 1-a -a\na-1 ::= "x"\n1-a ::= "y"\n-a ::= "z"', ["xyz"], ["xy"]),
        ('root ::= Token true\nToken ::= "x"\ntrue ::= "y"', ["xy"], ["x"]),
        ('root ::= x* x_1 root_1\nx ::= "x"\nx_1 ::= "y"\nroot_1 ::= "z"', ["xxyz", "yz"], ["xz"]),
        (r'root ::= "\x41b\x0a9\u00e91\U0001F600\"\\\[\]\-"', ['Ab\n9é1😀"\\[]-'], ["A"]),
        ('root ::= "two\nlines"', ["two\nlines"], ["two lines"]),
        (r'root ::= "\x00" [\x00]', ["\0\0"], ["", "\0"]),
        (r"root ::= [\xe9a]", ["é", "a"], [b"\xe9", "è", "x"]),
        (r"root ::= [^\n]", ["a", "\r", "\0", "é", "😀", "\uffff"], ["\n", "", b"\xff", b"\xc3"]),
        (r"root ::= [^a-zé]", ["A", "\n", "è"], ["a", "m", "é"]),
        ("root ::= .", ["a", "\n", "\0", "é", "\U0010ffff"], ["", "ab", b"\xed\xa0\x80"]),
        ("root ::= [ぁ-ゟ]+", ["ひらがな"], ["カ", ""]),
        (r"root ::= [\U0001F600-\U0001F64F]", ["😀", "🙏"], ["🚀"]),
        (r"root ::= [-a] [b-] [\]\\^] [a\-z]", ["-b]a", "a-\\-", "ab^z"], ["ab^b", "bb]a"]),
        ("root ::= [x^]", ["^", "x"], ["y"]),
        ('root ::= "a"*', ["", "a", "aaaa"], ["b"]),
        ('root ::= "ab"+', ["ab", "abab"], ["", "aba"]),
        ('root ::= "ab"?', ["", "ab"], ["a", "abab"]),
        ('root ::= "a"{2}', ["aa"], ["a", "aaa"]),
        ('root ::= "a"{2,}', ["aa", "aaaaa"], ["a"]),
        ('root ::= "a"{2,3}', ["aa", "aaa"], ["a", "aaaa"]),
        ('root ::= "a"{,2}', ["", "aa"], ["aaa"]),
        ('root ::= "a"{0} "b"', ["b"], ["ab"]),
        ('root ::= ("a" | "b" "c"){2,3}', ["aa", "abca", "bcbcbc"], ["a", "bc", "aaaa"]),
        ('root ::= "a"+? "b"{2}*', ["", "aabbbb", "bb"], ["b", "abbb"]),
        ("root ::= [a-z]? [a-z]? [a-z]? [0-9]", ["1", "a1", "abc1"], ["abcd1", "abc"]),
        ("root ::= (([a-z]?)*)+", ["", "abc"], ["1"]),
        ('root ::= ("(" root ")")?', ["", "()", "((()))"], ["(", "(()"]),
        ("root ::= [a-z]{1000,1002}", ["a" * 1000, "b" * 1002], ["a" * 999, "a" * 1003]),
        (
            'root ::= item{2,3}\nitem ::= "- " [^\\n]+ "\\n"',
            ["- eggs\n- milk\n", "- é\n- \\\n- c\n"],
            ["- eggs\n", "- \n- x\n", "- a\n- b\n- c\n- d\n"],
        ),
        (
            JSON,
            ['{}', '{"a":[1,-2.5e3,{"b":"c\\n\\u00e9é"}],"d":null}', '{ "a":\n\t"b"\n}\n'],
            ["", "[]", '{"a":01}', '{"a":"\n"}', '{"a":1,}', '{"a":"\\x"}'],
        ),
    ],
)  # fmt: skip
def test_engine_allows_what_llama_cpp_allows(
    allows: Allows, gbnf: str, allowed: list[str], refused: list[str | bytes]
) -> None:
    assert [answer for answer in allowed if not allows(gbnf, answer)] == []
    assert [answer for answer in refused if allows(gbnf, answer)] == []


@pytest.mark.parametrize("seed", range(40))
def test_random_grammar_allows_what_it_says(allows: Allows, seed: int) -> None:
    author = Author(random.Random(seed))
    gbnf = author.grammar()

    for length in range(5):
        for characters in product("ab\n", repeat=length):
            answer = "".join(characters)
            says = length in author.meaning(answer, 0)
            assert allows(gbnf, answer) == says, (gbnf, answer)


Meaning = Callable[[str, int], frozenset[int]]
"""Where in a text something may end that begins at an offset."""


class Author:
    """Writes a random grammar, and knows what it means without reading it."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._rules: dict[str, Meaning] = {}
        self.meaning: Meaning

    def grammar(self) -> str:
        lines: list[str] = []
        for name in ("b-2", "A", "root"):  # each may refer to those before it
            text, self.meaning = self._options(2)
            self._rules[name] = self.meaning
            goes_on = text.endswith("| ") or not text  # in the next line, if not held together
            lines.append(f"{name} ::= {f'({text})' if goes_on else text}")
        self._dice.shuffle(lines)
        return self._dice.choice(["\n", " # comment\n\n", "\r\n"]).join(lines)

    def _options(self, depth: int) -> tuple[str, Meaning]:
        options = [self._sequence(depth) for _ in range(self._dice.randint(1, 3))]

        @cache
        def meaning(text: str, at: int) -> frozenset[int]:
            return frozenset(end for _, option in options for end in option(text, at))

        return " | ".join(option for option, _ in options), meaning

    def _sequence(self, depth: int) -> tuple[str, Meaning]:
        parts = [self._repeated(depth) for _ in range(self._dice.randint(0, 3))]

        @cache
        def meaning(text: str, at: int) -> frozenset[int]:
            ends = frozenset({at})
            for _, part in parts:
                ends = frozenset(end for begin in ends for end in part(text, begin))
            return ends

        return " ".join(part for part, _ in parts), meaning

    def _repeated(self, depth: int) -> tuple[str, Meaning]:
        item, once = self._item(depth)
        signs = {"": (1, 1), "?": (0, 1), "*": (0, 9), "+": (1, 9), "{2}": (2, 2), "{1,2}": (1, 2)}
        sign = self._dice.choice(["", *signs])
        least, most = signs[sign]

        @cache
        def meaning(text: str, at: int) -> frozenset[int]:
            ends, found = frozenset({at}), frozenset[int]()
            for times in range(most + 1):
                found |= ends if times >= least else frozenset()
                ends = frozenset(end for begin in ends for end in once(text, begin))
            return found

        return item + sign, meaning

    def _item(self, depth: int) -> tuple[str, Meaning]:
        kinds = ["literal", "class", *["rule"] * bool(self._rules), *["group"] * bool(depth)]
        match self._dice.choice(kinds):
            case "literal":
                written, literal = self._dice.choice(
                    [('"a"', "a"), (r'"b\x61"', "ba"), (r'"\u000a"', "\n"), ('""', "")]
                )
                return written, lambda text, at: frozenset(
                    {at + len(literal)} if text.startswith(literal, at) else ()
                )
            case "class":
                written, members = self._dice.choice(
                    [("[ab]", "ab"), (r"[^\n]", "ab"), (".", "ab\n"), (r"[\x61-b]", "ab"),
                     ("[^b]", "a\n")]
                )  # fmt: skip
                return written, lambda text, at: frozenset(
                    {at + 1} if text[at : at + 1] and text[at] in members else ()
                )
            case "rule":
                name = self._dice.choice(list(self._rules))
                return name, self._rules[name]
            case _:
                text, meaning = self._options(depth - 1)
                return f"(\n{text}\t)", meaning
