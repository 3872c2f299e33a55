"""Calls in Hermes' format are read the same whole and piece by piece, wherever they are cut."""

import json
import random
from typing import Any

import pytest

from deployments.chat.hermes import Arguments, CallBegins, HermesReader

NAMES = ("look", "look_up", "tell")
Read = tuple[str, list[tuple[str, str]]]
"""What an answer says, and its calls."""

SIGNS = ['"', "\\", "{", "}", "[", "]", ",", ":", "<", "/", "\n", "é", "😀", "name", "arguments"]
MARKS = ["<tool_call>", "</tool_call>", "}\n</tool_call>", '"}}', "\\"]


def read(text: str, size: int | None = None, **how: Any) -> Read:
    """Return what is read of an answer that arrives in pieces of this size."""
    reader = HermesReader(NAMES, **how)
    pieces = [text] if size is None else [text[i : i + size] for i in range(0, len(text), size)]
    content, calls = "", list[tuple[str, str]]()
    for part in [*(part for piece in pieces for part in reader.read(piece)), *reader.finish()]:
        match part:
            case CallBegins(name):
                calls.append((name, ""))
            case Arguments(more):
                calls[-1] = (calls[-1][0], calls[-1][1] + more)
            case str():
                content += part
    return content, calls


def value(chance: random.Random, depth: int = 0) -> Any:
    """Return any JSON value, of signs that a careless reader takes for others."""
    kind = chance.randrange(6 if depth < 3 else 4)
    if kind == 4:
        return [value(chance, depth + 1) for _ in range(chance.randrange(3))]
    if kind == 5:
        return {word(chance): value(chance, depth + 1) for _ in range(chance.randrange(3))}
    return [word(chance), chance.randrange(-99, 99) / 4, chance.choice([True, None]), ""][kind]


def word(chance: random.Random) -> str:
    return "".join(chance.choices(SIGNS + MARKS, k=chance.randrange(5)))


def call(name: str, arguments: Any, chance: random.Random) -> str:
    members: dict[str, Any] = {"name": name, "arguments": arguments}
    if chance.random() < 0.3:
        members = dict(reversed(members.items()))
    if chance.random() < 0.3:
        members = {"id": value(chance), **members}
    separators = chance.choice([(", ", ": "), (",", ":"), (" ,\n", " : ")])
    ascii_only = chance.random() < 0.5
    written = json.dumps(members, separators=separators, ensure_ascii=ascii_only)
    blank = chance.choice(["\n", "", " "])
    return f"<tool_call>{blank}{written}{blank}</tool_call>"


@pytest.mark.parametrize("seed", range(60))
def test_any_calls_are_read_as_written_whole_and_in_pieces(seed: int) -> None:
    chance = random.Random(seed)
    said = chance.choice(["", "Well. ", "a < b, <b>, <tool>: "])
    calls = [
        (chance.choice(NAMES), {word(chance): value(chance) for _ in range(3)})
        for _ in range(chance.randrange(1, 4))
    ]
    text = said + "\n".join(call(*each, chance) for each in calls) + chance.choice(["", "\nbye"])

    content, came = read(text)

    assert content == said
    assert [(name, json.loads(arguments)) for name, arguments in came] == calls
    for size in (1, 2, 7):
        assert read(text, size) == (content, came)


@pytest.mark.parametrize("seed", range(30))
def test_cut_anywhere_is_the_beginning_of_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    said = chance.choice(["", "Well. "])
    calls = [(name, {word(chance): value(chance)}) for name in ("tell", "look_up")]
    text = said + "\n".join(call(*each, chance) for each in calls)
    whole_content, whole_calls = read(text)

    for length in range(len(text)):
        content, came = read(text[:length])

        assert read(text[:length], 1) == (content, came)
        assert f"{whole_content}<".startswith(content)  # a sign alone may be anything
        assert len(came) <= len(whole_calls)
        for (name, arguments), (whole_name, whole_arguments) in zip(
            came, whole_calls, strict=False
        ):
            assert (name, whole_arguments[: len(arguments)]) == (whole_name, arguments)


@pytest.mark.parametrize(
    ("text", "content", "calls"),
    [
        ("No call.", "No call.", []),
        ("", "", []),
        ("a <", "a <", []),
        ("  \n", "  \n", []),
        ("\n<tool_call>", "", []),
        ('Well.<tool_call>{"name": "tell"}</tool_call>', "Well.", [("tell", "{}")]),
        ('<tool_call>{"name": "t", "arguments": null }</tool_call>', "", [("t", "null")]),
        ('<tool_call>{"name": "t", "arguments": "{}"}</tool_call>', "", [("t", '"{}"')]),
        ("<tool_call>nonsense</tool_call>", "", []),
        ("<tool_call></tool_call>", "", []),
        ('<tool_call>{"arguments": {}}</tool_call>', "", []),
        ('<tool_call>{"name": 5, "arguments": {}}</tool_call>', "", []),
        ('<tool_call>{"name": "t", "arguments": {"a": 1</tool_call>', "", [("t", '{"a": 1')]),
        ('<tool_call>[]<tool_call>{"name": "t"}</tool_call>', "", [("t", "{}")]),
        ("Well.</tool_call> Yes.", "Well. Yes.", []),
        ('<tool_call>{"name": "tel', "", [("tell", "")]),
        ('<tool_call>{"name": "look', "", []),
        ('<tool_call>{"name": "look_', "", [("look_up", "")]),
        ('<tool_call>{"arguments": {"a": 1}, "name": "te', "", [("tell", '{"a": 1}')]),
        ('<tool_call>{"name": "x', "", []),
        ("Well. <tool_c", "Well. ", []),
    ],
)
def test_odd_answers(text: str, content: str, calls: list[tuple[str, str]]) -> None:
    for size in (None, 1, 3):
        assert read(text, size) == (content, calls)


@pytest.mark.parametrize("text", ["<", "\n", "<tool_"])
def test_beginning_of_a_call_that_must_be_made_is_no_text(text: str) -> None:
    assert read(text, must_call=True) == ("", [])


def test_text_is_not_held_back() -> None:
    reader = HermesReader()

    assert [reader.read(piece) for piece in ("I ", "say", " a < ", "b <", "t> c")] == [
        ["I "],
        ["say"],
        [" a < "],
        ["b "],
        ["<t> c"],
    ]


def test_arguments_are_passed_on_as_they_come() -> None:
    reader = HermesReader()
    pieces = [
        '<tool_call>{"name": "t',
        '", "arguments": {"a',
        '": "b\\',
        '"c',
        '"}}',
        "</tool_call>",
    ]

    assert [reader.read(piece) for piece in pieces] == [
        [],
        [CallBegins("t"), Arguments('{"a')],
        [Arguments('": "b')],
        [Arguments('\\"c')],
        [Arguments('"}')],
        [],
    ]
