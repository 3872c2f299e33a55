"""Reads a JSON Schema as the alternatives that a value may be, each with what it must meet."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations
from typing import Any, cast

from wire.json_schema.facts import ALL_TYPES, ANY, NOTHING, Facts, Goal, merge
from wire.json_schema.formats import FORMATS
from wire.json_schema.keywords import (
    Path,
    Schema,
    SchemaError,
    check_shape,
    count_values,
    walk,
)
from wire.json_schema.negation import EXCLUDED, negate
from wire.json_schema.pattern_parser import read_pattern
from wire.json_schema.patterns import PatternError, measure
from wire.limits import (
    MAX_ALTERNATIVES,
    MAX_MERGES,
    MAX_NAME_COMPARISONS,
    MAX_REFERENCES,
    MAX_SCHEMA_GOALS,
    MAX_SCHEMA_PARTS,
    MAX_SCHEMA_VALUES,
)

WEIGHT_OF_MERGE = 10
"""Properties and values that take about as long as the rest of a combination."""

OPPOSITE = "\0opposite"
"""Part of the path of what does not stand in the document."""

REFUSED = frozenset({"$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor"})
"""They make a reference depend on where it is followed from."""

ESCAPED = re.compile("(?:%[0-9A-Fa-f]{2})+")
"""Bytes of characters in a URL."""

Object = Mapping[str, Any]


class Reader:
    """Reads the schemas of one document."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._schemas: list[tuple[Schema, Path]] = [(False, ())]
        self._numbers: dict[Path, int] = {}
        self._read: dict[int, list[Facts]] = {}
        self._met: dict[Goal, list[Facts]] = {}
        self._active: list[int] = []
        self._merges = 0
        self._anchors: dict[str, Path] | None = None
        listed = 0
        for count, (schema, path) in enumerate(walk(document)):
            check_shape(schema, path)
            listed += count_values(schema)
            if count > MAX_SCHEMA_PARTS:
                raise SchemaError((), f"has more than {MAX_SCHEMA_PARTS} parts")
            if listed > MAX_SCHEMA_VALUES:
                raise SchemaError((), f"lists more than {MAX_SCHEMA_VALUES} values and names")
            for text in schema.get("patternProperties", {}):
                _read_pattern(text, (*path, "patternProperties", text))
            if "pattern" in schema:
                _read_pattern(schema["pattern"], (*path, "pattern"))
        self.root: Goal = self._goal(document, ())

    def path(self, goal: Goal) -> Path:
        """Return where the first schema of a goal stands."""
        return self._schemas[goal[0]][1] if goal else ()

    def alternatives(self, goal: Goal) -> list[Facts]:
        """Return what a value may be that meets all these schemas.

        Raises:
            SchemaError: one of them is malformed, or cannot be enforced.
        """
        if goal not in self._met:
            if len(self._met) > MAX_SCHEMA_GOALS:
                raise SchemaError((), f"combines more than {MAX_SCHEMA_GOALS} schemas")
            options = [Facts()]
            for number in goal:
                options = self._combine(
                    options, self._alternatives(number), self._schemas[number][1]
                )
            self._met[goal] = options
        return self._met[goal]

    def _goal(self, schema: Schema, path: Path) -> Goal:
        """Return the goal of meeting a schema of the document."""
        if schema is False:
            return NOTHING
        if schema is True or schema == {}:
            return ANY
        if path not in self._numbers:
            self._numbers[path] = self._number(schema, path)
        return (self._numbers[path],)

    def _number(self, schema: Schema, path: Path) -> int:
        self._schemas.append((schema, path))
        return len(self._schemas) - 1

    def _alternatives(self, number: int) -> list[Facts]:
        if number in self._read:
            return self._read[number]
        schema, path = self._schemas[number]
        if len(self._active) >= MAX_REFERENCES:
            raise SchemaError(path, f"follows more than {MAX_REFERENCES} references")
        self._active.append(number)
        options = (
            [] if schema is False else [Facts()] if schema is True else self._options(schema, path)
        )
        self._active.pop()
        self._read[number] = options
        return options

    def _combine(self, some: list[Facts], others: list[Facts], path: Path) -> list[Facts]:
        weight = len(some) * sum(map(_weigh, others)) + len(others) * sum(map(_weigh, some))
        self._merges += max(1, weight // WEIGHT_OF_MERGE)
        if self._merges > MAX_MERGES:
            raise SchemaError(path, f"needs more than {MAX_MERGES} combinations of alternatives")
        if others == [Facts()]:
            return some
        kept: list[Facts] = []
        for a in some:
            for b in others:
                if (both := merge(a, b)) is not None and both not in kept:
                    kept.append(both)
            if len(kept) > MAX_ALTERNATIVES:
                raise SchemaError(path, f"has more than {MAX_ALTERNATIVES} combinations")
        return kept

    def _either(self, schemas: Iterable[Schema], path: Path) -> list[Facts]:
        options: list[Facts] = []
        for index, schema in enumerate(schemas):
            options += self.alternatives(self._goal(schema, (*path, index)))
        return options

    def _options(self, schema: Object, path: Path) -> list[Facts]:
        for keyword in REFUSED & schema.keys():
            raise SchemaError((*path, keyword), "cannot be enforced")
        options = [self._own_facts(schema, path)]
        for others, place in self._apply(schema, path):
            options = self._combine(options, others, place)
        return [self._close(facts, schema, path) for facts in options]

    def _apply(self, schema: Object, path: Path) -> Iterable[tuple[list[Facts], Path]]:
        """Yield what the schemas require that apply to the same value."""
        if "$ref" in schema:
            place = (*path, "$ref")
            goal = self._resolve(schema["$ref"], place)
            if set(goal) & set(self._active):
                raise SchemaError(place, "refers to itself without an object or array between")
            yield self.alternatives(goal), place
        for index, each in enumerate(schema.get("allOf", ())):
            place = (*path, "allOf", index)
            yield self.alternatives(self._goal(each, place)), place
        if "anyOf" in schema:
            yield self._either(schema["anyOf"], (*path, "anyOf")), (*path, "anyOf")
        if "oneOf" in schema:
            yield self._one_of(schema["oneOf"], (*path, "oneOf")), (*path, "oneOf")
        if "not" in schema:
            place = (*path, "not")
            yield self._read_opposite(negate(schema["not"], place), place), place
        if "if" in schema:
            yield self._conditional(schema, path), (*path, "if")
        yield from self._dependent(schema, path)

    def _read_opposite(self, schema: Schema, path: Path) -> list[Facts]:
        """Return the alternatives of a schema that does not stand in the document."""
        return self._alternatives(self._number(schema, (*path, OPPOSITE)))

    def _one_of(self, schemas: list[Schema], path: Path) -> list[Facts]:
        goals = [self._goal(each, (*path, index)) for index, each in enumerate(schemas)]
        overlaps = {
            (one, two)
            for one, two in combinations(range(len(goals)), 2)
            if self._overlap(self.alternatives(goals[one]), self.alternatives(goals[two]), path)
        }
        options: list[Facts] = []
        for index, goal in enumerate(goals):
            mine = self.alternatives(goal)
            for other, schema in enumerate(schemas):
                if (min(index, other), max(index, other)) in overlaps:
                    place = (*path, other)
                    try:
                        without = self._read_opposite(negate(schema, place), place)
                    except SchemaError as error:
                        if "'not'" not in error.reason:
                            raise
                        raise SchemaError(
                            path, f"alternatives {index} and {other} may both apply"
                        ) from error
                    mine = self._combine(mine, without, place)
            options += mine
        return options

    def _overlap(self, some: list[Facts], others: list[Facts], path: Path) -> bool:
        return any(map(self._is_possible, self._combine(some, others, path)))

    def _is_possible(self, facts: Facts) -> bool:
        """Return False if a required property cannot have a value, by its own types and constants.

        So differ the alternatives of which a property names the kind.
        """
        if facts.types != frozenset({"object"}):
            return True
        return all(self._has_value(facts.property_goal(name)) for name in facts.required)

    def _has_value(self, goal: Goal) -> bool:
        ahead = list(goal)
        known: Facts | None = Facts()
        for number in ahead:
            schema, path = self._schemas[number]
            if isinstance(schema, bool):
                if not schema:
                    return False
                continue
            if "$ref" in schema:
                referred = self._resolve(schema["$ref"], (*path, "$ref"))
                ahead += [each for each in referred if each not in ahead]
            known = merge(known, Facts(types=_types(schema), values=_values(schema)))
            if known is None:
                return False
        return True

    def _conditional(self, schema: Object, path: Path) -> list[Facts]:
        condition = self.alternatives(self._goal(schema["if"], (*path, "if")))
        then, otherwise = (
            self.alternatives(self._goal(schema.get(name, True), (*path, name)))
            for name in ("then", "else")
        )
        place = (*path, "if")
        failed = self._read_opposite(negate(schema["if"], place), place)
        return self._combine(condition, then, place) + self._combine(failed, otherwise, place)

    def _dependent(self, schema: Object, path: Path) -> Iterable[tuple[list[Facts], Path]]:
        for keyword in ("dependentRequired", "dependentSchemas", "dependencies"):
            for name, needs in schema.get(keyword, {}).items():
                place = (*path, keyword, name)
                required = [name, *needs] if isinstance(needs, list) else [name]
                present = Facts(
                    types=frozenset({"object"}),
                    required=tuple(required),
                    paths={"required": place},
                )
                absent = Facts(properties={name: NOTHING}, paths={"properties": place})
                options = [present]
                if not isinstance(needs, list):
                    options = self._combine(
                        options, self.alternatives(self._goal(needs, place)), place
                    )
                yield [absent, *options], place

    def _close(self, facts: Facts, schema: Object, path: Path) -> Facts:
        """Apply a schema's limits of what none of its parts evaluates."""
        if "unevaluatedProperties" in schema and facts.additional is None:
            place = (*path, "unevaluatedProperties")
            goal = self._goal(schema["unevaluatedProperties"], place)
            facts = replace(
                facts, additional=goal, paths={**facts.paths, "additionalProperties": place}
            )
        if "unevaluatedItems" in schema and facts.rest is None:
            place = (*path, "unevaluatedItems")
            goal = self._goal(schema["unevaluatedItems"], place)
            facts = replace(facts, rest=goal, paths={**facts.paths, "items": place})
        return facts

    def _own_facts(self, schema: Object, path: Path) -> Facts:
        facts = Facts(paths={"": path} | {keyword: (*path, keyword) for keyword in schema})
        if "$id" in schema and path:
            raise SchemaError((*path, "$id"), "is enforced at the root of a schema only")
        facts = replace(facts, types=_types(schema), values=_values(schema))
        facts = replace(facts, excluded=tuple(schema.get(EXCLUDED, ())))
        facts = _with_bounds(facts, schema)
        facts = _with_strings(facts, schema, path)
        facts = self._with_properties(facts, schema, path)
        return self._with_items(facts, schema, path)

    def _with_properties(self, facts: Facts, schema: Object, path: Path) -> Facts:
        properties = {
            name: self._goal(each, (*path, "properties", name))
            for name, each in schema.get("properties", {}).items()
        }
        patterns = {
            text: (
                _read_pattern(text, (*path, "patternProperties", text)),
                self._goal(each, (*path, "patternProperties", text)),
            )
            for text, each in schema.get("patternProperties", {}).items()
        }
        if patterns:
            named = sum(map(len, (*properties, *schema.get("required", ()))))
            size = sum(measure(node) for node, _ in patterns.values())
            if named * size > MAX_NAME_COMPARISONS:
                raise SchemaError(
                    (*path, "patternProperties"),
                    f"takes more than {MAX_NAME_COMPARISONS} comparisons with so many names",
                )
            stated = replace(facts, properties=properties, patterns=patterns)
            properties = {name: stated.property_goal(name) for name in properties}
        additional = schema.get("additionalProperties")
        return replace(
            facts,
            properties=properties,
            patterns=patterns,
            additional=None
            if additional is None
            else self._goal(additional, (*path, "additionalProperties")),
            names=self._goal(schema.get("propertyNames", True), (*path, "propertyNames")),
            required=tuple(dict.fromkeys(schema.get("required", ()))),
            num_properties=_counts(schema, "minProperties", "maxProperties"),
        )

    def _with_items(self, facts: Facts, schema: Object, path: Path) -> Facts:
        items, keyword = schema.get("items"), "items"
        prefix: list[Schema] = schema.get("prefixItems", [])
        first = "prefixItems"
        if isinstance(items, list):
            prefix, first = cast("list[Schema]", items), "items"
            items, keyword = schema.get("additionalItems"), "additionalItems"
        if "contains" in schema and (schema.get("minContains", 1) > 0 or "maxContains" in schema):
            raise SchemaError((*path, "contains"), "cannot be enforced")
        return replace(
            facts,
            prefix=tuple(
                self._goal(each, (*path, first, index)) for index, each in enumerate(prefix)
            ),
            rest=None if items is None else self._goal(items, (*path, keyword)),
            num_items=_counts(schema, "minItems", "maxItems"),
            is_unique=schema.get("uniqueItems", False),
        )

    def _resolve(self, reference: str, path: Path) -> Goal:
        fragment = ESCAPED.sub(_decode, reference)
        root_id = self._document.get("$id") if isinstance(self._document, dict) else None
        if isinstance(root_id, str) and root_id:
            fragment = fragment.removeprefix(root_id.rstrip("#")) or "#"
        if not fragment.startswith("#"):
            raise SchemaError(path, f"{reference!r} is not within the schema")
        if not fragment.startswith("#/") and fragment != "#":
            place = self._find_anchors().get(fragment[1:])
            if place is None:
                raise SchemaError(path, f"no '$anchor' is {fragment[1:]!r}")
            return self._walk(place, reference, path)
        parts = [part.replace("~1", "/").replace("~0", "~") for part in fragment[1:].split("/")[1:]]
        return self._walk(tuple(parts), reference, path)

    def _walk(self, parts: Iterable[str | int], reference: str, path: Path) -> Goal:
        schema: Any = self._document
        place: Path = ()
        for part in parts:
            key: Any = part
            if isinstance(schema, list) and str(part).isdecimal():
                key = int(part)
            try:
                schema, place = schema[key], (*place, key)
            except (LookupError, TypeError):
                raise SchemaError(path, f"{reference!r} is not in the schema") from None
        if not isinstance(schema, dict | bool):
            raise SchemaError(path, f"{reference!r} is not a schema")
        return self._goal(cast("Schema", schema), place)

    def _find_anchors(self) -> dict[str, Path]:
        if self._anchors is None:
            self._anchors = {}
            ahead: list[tuple[Any, Path]] = [(self._document, ())]
            while ahead:
                node, path = ahead.pop()
                if isinstance(node, dict):
                    pairs = cast("dict[str, Any]", node)
                    if isinstance(name := pairs.get("$anchor"), str):
                        self._anchors[name] = path
                    ahead += [(each, (*path, key)) for key, each in pairs.items()]
                elif isinstance(node, list):
                    each_one = enumerate(cast("list[Any]", node))
                    ahead += [(each, (*path, index)) for index, each in each_one]
        return self._anchors


def _weigh(facts: Facts) -> int:
    """Return about how long a combination with these facts takes."""
    return (
        WEIGHT_OF_MERGE // 2 + len(facts.properties) + len(facts.required) + len(facts.identities)
    )


def _decode(escaped: re.Match[str]) -> str:
    return bytes.fromhex(escaped[0].replace("%", "")).decode(errors="replace")


def _types(schema: Object) -> frozenset[str]:
    stated = schema.get("type")
    if stated is None:
        return ALL_TYPES
    types = set[str]([stated] if isinstance(stated, str) else stated)
    if schema.get("nullable"):
        types.add("null")
    if "number" in types:
        types |= {"integer", "fraction"}
    return frozenset(types) & ALL_TYPES


def _values(schema: Object) -> tuple[Any, ...] | None:
    values = tuple(schema["enum"]) if "enum" in schema else None
    if "const" in schema:
        stated = Facts(values=(schema["const"],))
        both = merge(stated, Facts(values=values))
        return both.values if both else ()
    return values


def _counts(schema: Object, least: str, most: str) -> tuple[int, int | None]:
    return int(schema.get(least, 0)), int(schema[most]) if most in schema else None


def _with_bounds(facts: Facts, schema: Object) -> Facts:
    lower, upper = schema.get("minimum"), schema.get("maximum")
    bounds = Facts(
        lower=None if lower is None else (lower, schema.get("exclusiveMinimum") is True),
        upper=None if upper is None else (upper, schema.get("exclusiveMaximum") is True),
    )
    low, high = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    strict = Facts(
        lower=None if low is None or isinstance(low, bool) else (low, True),
        upper=None if high is None or isinstance(high, bool) else (high, True),
    )
    both = merge(bounds, strict)
    assert both is not None
    divisors = (schema["multipleOf"],) if "multipleOf" in schema else ()
    return replace(facts, lower=both.lower, upper=both.upper, divisors=divisors)


def _with_strings(facts: Facts, schema: Object, path: Path) -> Facts:
    facts = replace(facts, length=_counts(schema, "minLength", "maxLength"))
    name = schema.get("format")
    if name == "regex" and "string" in facts.types:
        raise SchemaError((*path, "format"), "'regex' cannot be enforced")
    if name in FORMATS:
        text = f"^(?:{FORMATS[name]})$"
        facts = replace(facts, pattern=(text, _read_pattern(text, (*path, "format"))))
    if "pattern" in schema:
        own = Facts(
            pattern=(schema["pattern"], _read_pattern(schema["pattern"], (*path, "pattern")))
        )
        both = merge(
            Facts(pattern=facts.pattern, paths=facts.paths), replace(own, paths=facts.paths)
        )
        assert both is not None
        facts = replace(facts, pattern=both.pattern)
    return facts


def _read_pattern(text: str, path: Path) -> Any:
    try:
        return read_pattern(text)
    except PatternError as error:
        raise SchemaError(path, f"{error} (received {text[:60]!r})") from error
