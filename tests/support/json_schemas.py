"""Random JSON schemas with every keyword, and texts that a grammar allows."""

import random
from typing import Any

Schema = dict[str, Any] | bool

TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
NAMES = ["a", "b", "kind", "a/b", "é", "on", "x-1"]
PATTERNS = [
    "a", "^a", "b$", "^[a-z]+$", "^(a|b)$", r"^\d{2,4}$", r"^\w+-\d$", '^"$', r"^\\+$", "", "^$",
    r"^\S+$", "^x.y$", "^a|b$", "(?:ab)+?", r"^\p{L}$", r"\bx", "^(?=a)", r"(a)\1", "[",
    "^.{3,200}$",
]  # fmt: skip
FORMATS = [
    "date", "time", "date-time", "duration", "email", "idn-email", "hostname", "ipv4", "ipv6",
    "uuid", "uri", "iri", "uri-reference", "uri-template", "json-pointer", "relative-json-pointer",
    "regex", "int32", "password",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, 1, 2, 7, -3, 1.5, 1e3, "", "a", "b", "ab", 'a"b\n', "é", [], [1],
    ["a", 2], {}, {"a": 1}, {"kind": "a", "b": [1]}, 10**18, "2024-02-29", "/",
]  # fmt: skip


class Author:
    """Writes random schemas."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._targets = ["#"]

    def schema(self) -> Schema:
        """Return a schema with a few definitions, and references to them."""
        where = self._dice.choice(["$defs", "definitions"])
        names = ["one", "two", "x/y"][: self._dice.randint(0, 3)]
        places = [f"#/{where}/{name.replace('/', '~1')}" for name in names]
        self._targets = [*places, *places, "#", *["#/$defs/none"] * (self._dice.random() < 0.05)]
        schema = self._schema(3)
        if names and isinstance(schema, dict):
            schema[where] = {name: self._schema(2) for name in names}
        return schema

    def _schema(self, depth: int) -> Schema:
        dice = self._dice
        if dice.random() < 0.06:
            return dice.random() < 0.8
        schema: dict[str, Any] = {}
        if dice.random() < 0.8:
            schema["type"] = dice.choice(TYPES[:5] if depth <= 0 else TYPES)
            if dice.random() < 0.15:
                schema["type"] = dice.sample(TYPES, dice.randint(1, 3))
        groups = [self._values, self._numbers, self._strings]
        if depth > 0:
            groups += [self._objects, self._arrays, self._together, self._references]
        stated = schema.get("type")
        fitting = {
            "integer": self._numbers,
            "number": self._numbers,
            "string": self._strings,
            "array": self._arrays,
            "object": self._objects,
        }.get(str(stated))
        if fitting is not None and dice.random() < 0.85:
            fitting(schema, depth)
        for group in dice.sample(groups, dice.choice([0, 0, 1, 1, 2])):
            group(schema, depth)
        if dice.random() < 0.1:
            schema |= {"title": "t", "description": "d", "default": 1, "$comment": "c"}
        return schema

    def _some(self, schema: dict[str, Any], choices: dict[str, Any], most: int) -> None:
        names = self._dice.sample(sorted(choices), min(self._dice.randint(1, most), len(choices)))
        schema.update({name: choices[name]() for name in names})

    def _values(self, schema: dict[str, Any], _: int) -> None:
        if self._dice.random() < 0.5:
            schema["const"] = self._dice.choice(VALUES)
        else:
            schema["enum"] = self._dice.sample(VALUES, self._dice.randint(1, 5))

    def _numbers(self, schema: dict[str, Any], _: int) -> None:
        dice = self._dice
        low, high = sorted(dice.choice([-10.5, -7, 0, 0.1, 1, 2, 9, 50, 1e6]) for _ in "ab")
        choices = {
            "minimum": lambda: low,
            "maximum": lambda: high,
            "exclusiveMinimum": lambda: low,
            "exclusiveMaximum": lambda: high,
            "multipleOf": lambda: dice.choice([1, 2, 7, 0.5]),
        }
        self._some(schema, choices, 2)

    def _strings(self, schema: dict[str, Any], _: int) -> None:
        dice = self._dice
        low, high = sorted(dice.choice([0, 1, 2, 5, 30]) for _ in "ab")
        choices = {
            "minLength": lambda: low,
            "maxLength": lambda: high,
            "pattern": lambda: dice.choice(PATTERNS),
            "format": lambda: dice.choice(FORMATS),
        }
        self._some(schema, choices, 2)

    def _objects(self, schema: dict[str, Any], depth: int) -> None:
        dice = self._dice
        inner = lambda: self._schema(depth - 1)  # noqa: E731
        low, high = sorted(dice.choice([0, 1, 2, 3]) for _ in "ab")
        if dice.random() < 0.7:
            schema["properties"] = {
                name: inner() for name in dice.sample(NAMES, dice.randint(1, 3))
            }
        choices = {
            "required": lambda: dice.sample(NAMES, dice.randint(0, 2)),
            "additionalProperties": lambda: dice.choice([False, False, True, inner()]),
            "patternProperties": lambda: {dice.choice(PATTERNS): inner()},
            "propertyNames": lambda: dice.choice(
                [{"pattern": "^[a-z]+$"}, {"maxLength": 2}, {"enum": ["a", "b"]}, inner()]
            ),
            "minProperties": lambda: low,
            "maxProperties": lambda: high,
            "dependentRequired": lambda: {dice.choice(NAMES): [dice.choice(NAMES)]},
            "dependentSchemas": lambda: {dice.choice(NAMES): inner()},
            "dependencies": lambda: {dice.choice(NAMES): dice.choice([["a"], inner()])},
            "unevaluatedProperties": lambda: dice.choice([False, inner()]),
        }
        self._some(schema, choices, 3)

    def _arrays(self, schema: dict[str, Any], depth: int) -> None:
        dice = self._dice
        inner = lambda: self._schema(depth - 1)  # noqa: E731
        low, high = sorted(dice.choice([0, 1, 2, 3]) for _ in "ab")
        choices = {
            "items": inner,
            "prefixItems": lambda: [inner() for _ in range(dice.randint(1, 2))],
            "unevaluatedItems": inner,
            "minItems": lambda: low,
            "maxItems": lambda: high,
            "uniqueItems": lambda: dice.random() < 0.5,
            "contains": inner,
            "minContains": lambda: dice.randint(0, 1),
        }
        self._some(schema, choices, 3)

    def _together(self, schema: dict[str, Any], depth: int) -> None:
        dice = self._dice
        inner = lambda: self._schema(depth - 1)  # noqa: E731
        several = lambda: [inner() for _ in range(dice.randint(1, 3))]  # noqa: E731
        choices = {"allOf": several, "anyOf": several, "oneOf": several, "not": inner, "if": inner}
        self._some(schema, choices, 2)
        if "if" in schema:
            self._some(schema, {"then": inner, "else": inner}, 2)

    def _references(self, schema: dict[str, Any], _: int) -> None:
        schema["$ref"] = self._dice.choice(self._targets)
