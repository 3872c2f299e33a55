"""Changes a valid JSON value into an odd one. The same seed makes the same changes."""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, cast

Path = tuple[str | int, ...]
Pool = Mapping[str, Sequence[Any]]
"""Values of each member's name, as other requests have them."""

MAX_NODES = 2000
RAW = "@raw@"
"""Begins a string in whose place its rest is written as it is."""

NUMBERS: list[Any] = [
    None, True, False, 0, 1, -1, 2, 3.5, -0.5, 1e308, -1e308, 1e-320, 2**31, -(2**31) - 1,
    2**53 + 1, 2**63, -(2**63) - 1, 2**64, 2**70, f"{RAW}1e999", f"{RAW}NaN", f"{RAW}-Infinity",
    f"{RAW}{'9' * 5000}", f"{RAW}-0",
]  # fmt: skip
STRINGS = [
    "", " ", "x", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e\u05d0\u0627", "e\u0301" * 3,
    "\u200b\ufeff", "\U0001f600" * 5, "5", "-1", "1e9", "NaN", "true", "null", "[]", "{", "None",
    "../../etc/passwd", "%00%2e", "a\r\nb: c", "' OR 1=1 --", "<|im_start|>system", "<tool_call>",
    "</tool_call>", "{{ 7 * 7 }}", "{% for x in range(10**9) %}x{% endfor %}", "data:,", "data:x",
    "data:image/png;base64,AAAA", "http://127.0.0.1:1/x", "http://[", "file:///etc/passwd",
    "x" * 300, "x" * 70_000, "a " * 50_000, "\u00e9" * 2**19, "\0" * 1000, "." * 5000,
]  # fmt: skip
PATTERNS = [
    "[", "[]", "{", "a{", "(", "(a+)+$", "(?=a)", r"\p{L}{9999}", "a{0,100000}", "a{2,1}", "^$",
    "(?P<x>a)(?P=x)", "root ::= root", 'root ::= "a" | root', "root ::=", 'root ::= "a"{99999}',
    "[z-a]", "\\", "a||b", "(a|b|ab)*" * 30,
]  # fmt: skip
SCHEMAS: list[Any] = [
    {"$ref": "#"}, {"$ref": "#/$defs/x"}, {"type": "strin"}, {"type": []}, {"enum": []},
    {"enum": [{}]}, {"anyOf": []}, {"minimum": 5, "maximum": 1}, {"type": "string", "pattern": "["},
    {"type": "object", "properties": None}, {"type": "array", "items": 5}, {"const": None},
    {"type": "object", "required": "a"}, {"multipleOf": 0, "type": "integer"}, {"not": {}},
    {"type": "array", "minItems": 10**9, "items": {"type": "string"}}, {"properties": {"": False}},
    {"type": "string", "minLength": 2**70}, {"patternProperties": {"(": {}}}, {"$defs": {"x": 5}},
]  # fmt: skip
CONTAINERS: list[Any] = [
    [], [1], [None], ["x"], {}, {"a": 1}, {"": 1}, {"\0": 1}, {"type": "x"}, {"type": None}, [[]],
    [{}], [[[[]]]], list(range(1000)), ["x"] * 5000, [{}] * 3000, [None] * 100,
    {str(index): index for index in range(1000)}, f"{RAW}{'[' * 150}{']' * 150}",
    f"{RAW}{'[' * 500}{']' * 500}", f"{RAW}{'[' * 30_000}{']' * 30_000}",
    RAW + '{"a":' * 150 + "1" + "}" * 150, RAW + "[" + "0," * 20_000 + "0]",
]  # fmt: skip
VALUES = [NUMBERS, STRINGS, PATTERNS, SCHEMAS, CONTAINERS]
NAMES = ["", " ", "\0", "x", "type", "__class__", "model ", "constructor", "é", "0"]

Change = Callable[[random.Random, Any, Any, Path, Pool], None]
"""Changes a node within its parent, which is given first."""


def odd_value(chance: random.Random) -> Any:
    """Return a value of any type."""
    return deepcopy(chance.choice(chance.choice(VALUES)))


def write_json(value: Any) -> bytes:
    """Write a value as JSON, with raw strings as they are."""
    text = json.dumps(value)
    while (begin := text.find(f'"{RAW}')) >= 0:
        raw, end = json.JSONDecoder().raw_decode(text, begin)
        text = f"{text[:begin]}{raw.removeprefix(RAW)}{text[end:]}"
    return text.encode()


def mutate(chance: random.Random, value: Any, pool: Pool) -> Any:
    """Return a copy of a value that is changed in one place or a few."""
    holder = [json.loads(json.dumps(value))]
    for _ in range(chance.choice((1, 1, 1, 1, 2, 2, 3))):
        path = chance.choice(list(_walk(holder))[:MAX_NODES])
        parent = _find(holder, path[:-1])
        (change,) = chance.choices(list(CHANGES), list(CHANGES.values()))
        change(chance, parent, path[-1], path, pool)
    return holder[0] if holder else None


def collect_members(values: Sequence[Any]) -> dict[str, list[Any]]:
    """Return the members of all objects in some values, by their names."""
    pool: dict[str, list[Any]] = {}
    for value in values:
        for path in list(_walk([value]))[:MAX_NODES]:
            name, node = path[-1], _find([value], path)
            if isinstance(name, str) and node not in (known := pool.setdefault(name, [])):
                known.append(node)
    return pool


def _walk(holder: list[Any]) -> Iterator[Path]:
    ahead: list[tuple[Path, Any]] = [((0,), holder[0])] if holder else []
    while ahead:
        path, value = ahead.pop()
        yield path
        if isinstance(value, dict):
            items: list[tuple[str | int, Any]] = list(cast("dict[str, Any]", value).items())
        elif isinstance(value, list):
            items = list(enumerate(cast("list[Any]", value)))
        else:
            continue
        ahead.extend(((*path, key), item) for key, item in items)


def _find(holder: Any, path: Path) -> Any:
    for part in path:
        holder = holder[part]
    return holder


def _replace(chance: random.Random, parent: Any, key: Any, _path: Path, _pool: Pool) -> None:
    parent[key] = odd_value(chance)


def _delete(_chance: random.Random, parent: Any, key: Any, path: Path, _pool: Pool) -> None:
    if len(path) > 1:
        del parent[key]


def _wrap(chance: random.Random, parent: Any, key: Any, _path: Path, _pool: Pool) -> None:
    value = parent[key]
    parent[key] = chance.choice(([value], {"type": value}, [[value]], json.dumps(value)))


def _splice(chance: random.Random, parent: Any, key: Any, _path: Path, pool: Pool) -> None:
    """Replace a member by that of another request, or add one that another request has."""
    if isinstance(parent, dict):
        name = key if len(pool.get(key, ())) > 1 and chance.random() < 0.5 else None
        name = name or chance.choice(list(pool))
        parent[name] = json.loads(json.dumps(chance.choice(pool[name])))


def _swap(chance: random.Random, parent: Any, key: Any, _path: Path, pool: Pool) -> None:
    """Give a member the value of a member of another name."""
    parent[key] = json.loads(json.dumps(chance.choice(pool[chance.choice(list(pool))])))


def _repeat(chance: random.Random, parent: Any, key: Any, path: Path, pool: Pool) -> None:
    value = parent[key]
    if isinstance(value, list) and value:
        size = max(len(json.dumps(value)), 1)
        parent[key] = value * min(chance.choice((2, 10, 200, 5000)), 500_000 // size + 2)
    elif isinstance(value, str):
        parent[key] = (value * chance.choice((2, 50, 3000)))[:500_000]
    else:
        _replace(chance, parent, key, path, pool)


def _tweak(chance: random.Random, parent: Any, key: Any, path: Path, pool: Pool) -> None:
    value = parent[key]
    if isinstance(value, bool) or value is None:
        parent[key] = chance.choice((not value, int(bool(value)), str(value).lower()))
    elif isinstance(value, int | float):
        parent[key] = chance.choice((-value, value * 10**6, value + 0.5, value - 1, str(value)))
    elif isinstance(value, str):
        at, odd = chance.randrange(len(value) + 1), chance.choice(STRINGS[:30])
        parent[key] = chance.choice((value[:at], value[:at] + odd + value[at:], value.upper()))
    else:
        _replace(chance, parent, key, path, pool)


def _rename(chance: random.Random, parent: Any, key: Any, _path: Path, _pool: Pool) -> None:
    if isinstance(parent, dict):
        name = chance.choice((key + "s", key.upper(), key[:-1], f"{key} ", *NAMES))
        parent[name] = parent.pop(key)


def _add(chance: random.Random, parent: Any, _key: Any, _path: Path, _pool: Pool) -> None:
    if isinstance(parent, dict):
        parent[chance.choice(NAMES)] = odd_value(chance)


CHANGES: Mapping[Change, int] = {
    _replace: 40,
    _delete: 10,
    _wrap: 8,
    _splice: 20,
    _swap: 8,
    _repeat: 6,
    _tweak: 14,
    _rename: 5,
    _add: 4,
}
"""What may be done with a node, and how often."""
