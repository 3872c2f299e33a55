"""Writes what a value must be with the few keywords that the grammar compiler enforces."""

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from typing import Any, cast

from wire.json_schema.facts import ANY, NOTHING, Facts, Goal, identify, type_of_value
from wire.json_schema.keywords import Path, SchemaError
from wire.json_schema.negation import EXCLUDED
from wire.json_schema.pattern_writer import write_pattern
from wire.json_schema.patterns import (
    ANY as ANY_CHAR,
)
from wire.json_schema.patterns import (
    Node,
    PatternError,
    Repeat,
    lengths,
    limit_length,
    matches,
    measure,
)
from wire.json_schema.reader import Reader
from wire.limits import MAX_LISTED_VALUES, MAX_UNIQUE_VALUES, MAX_VALUE_COMPARISONS

PARTS_PER_CHARACTER = 10
"""As many parts as the comparison with a character takes time even for one."""
MAX_INTEGER = 2**63 - 1
MAX_LENGTH = 2**31 - 1


class Reference:
    """A place in the new schema for that of a goal."""

    def __init__(self, goal: Goal) -> None:
        self.goal = goal


class Writer:
    """Writes the schemas of a document."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._possible: set[Goal] = set()
        self._comparisons = 0

    def find_possible(self, goals: Sequence[Goal]) -> set[Goal]:
        """Return those of the goals, parts first, that some value meets."""
        is_changed = True
        while is_changed:
            before = len(self._possible)
            for goal in goals:
                if goal not in self._possible and self.write(goal):
                    self._possible.add(goal)
            is_changed = len(self._possible) > before
        return self._possible

    def write(self, goal: Goal) -> list[dict[str, Any]]:
        """Return the schemas one of which a value has that meets the goal; none: no value does."""
        written: list[dict[str, Any]] = []
        for facts in self._reader.alternatives(goal):
            if facts.is_free():
                return [{}]
            written += [each for each in self._write_alternative(facts) if each not in written]
        return written

    def _write_alternative(self, facts: Facts) -> Iterator[dict[str, Any]]:
        if facts.values is not None:
            if values := self._keep_allowed(facts, facts.values):
                yield {"enum": values}
            return
        finite = [value for value in (None, False, True) if type_of_value(value) in facts.types]
        if facts.excluded and finite:
            finite = self._keep_allowed(facts, tuple(finite))
            if finite:
                yield {"enum": finite}
        elif not facts.excluded:
            yield from ({"type": name} for name in ("null", "boolean") if name in facts.types)
        if "integer" in facts.types or "fraction" in facts.types:
            yield from self._write_number(facts)
        if "string" in facts.types:
            yield from self._write_string(facts)
        if "array" in facts.types:
            yield from self._write_array(facts)
        if "object" in facts.types:
            yield from self._write_object(facts)

    def _check_excluded(self, facts: Facts, *types: str) -> None:
        for value in facts.excluded:
            if type_of_value(value) in types:
                raise SchemaError(
                    facts.at(EXCLUDED)[:-1], "excludes a value of a type that has many"
                )

    def _write_number(self, facts: Facts) -> Iterator[dict[str, Any]]:
        kinds = facts.types & {"integer", "fraction"}
        if "integer" not in kinds:
            raise SchemaError(facts.at("type"), "numbers without integers cannot be enforced")
        divisors = [_exact(each) for each in facts.divisors]
        whole = "fraction" not in kinds or any(each.denominator == 1 for each in divisors)
        if not whole and not divisors:
            self._check_excluded(facts, "integer", "fraction")
            if (bounds := _write_bounds(facts)) is not None:
                yield {"type": "number", **bounds}
            return
        least = None if facts.lower is None else _round_up(facts.lower)
        most = None if facts.upper is None else _round_down(facts.upper)
        if least is not None and most is not None and least > most:
            return
        steps = [each for each in divisors if whole and (1 / each).denominator != 1]
        if (steps or not whole) and not (whole and _is_short(least, most)):
            raise SchemaError(
                facts.at("multipleOf"),
                "is enforced for whole numbers between bounds with at most "
                f"{MAX_LISTED_VALUES} of them",
            )
        if steps or (facts.excluded and _is_short(least, most)):
            numbers = [
                n
                for n in range(least or 0, (most or 0) + 1)
                if all((n / d).denominator == 1 for d in steps)
            ]
            if values := self._keep_allowed(facts, tuple(numbers)):
                yield {"enum": values}
            return
        self._check_excluded(facts, "integer")
        limits = {
            "minimum": least if least is None else max(least, -MAX_INTEGER),
            "maximum": most if most is None else min(most, MAX_INTEGER),
        }
        for keyword, limit in limits.items():
            if limit is not None and abs(limit) > MAX_INTEGER:
                raise SchemaError(facts.at(keyword), "is beyond 64 bits")
        yield {"type": "integer", **{k: v for k, v in limits.items() if v is not None}}

    def _write_string(self, facts: Facts) -> Iterator[dict[str, Any]]:
        self._check_excluded(facts, "string")
        least, most = facts.length
        if most is not None and least > most:
            return
        if facts.pattern is None:
            limits = {"minLength": least or None, "maxLength": most}
            for keyword, limit in limits.items():
                if limit is not None and limit > MAX_LENGTH:
                    raise SchemaError(facts.at(keyword), f"is more than {MAX_LENGTH}")
            yield {"type": "string", **{k: v for k, v in limits.items() if v is not None}}
            return
        keyword = "minLength" if most is None else "maxLength"
        node = _limit(facts.pattern[1], facts.length, facts.at(keyword))
        if node is not None:
            yield {"type": "string", "pattern": _write_pattern(node, facts.at("pattern"))}

    def _write_array(self, facts: Facts) -> Iterator[dict[str, Any]]:
        self._check_excluded(facts, "array")
        least, most = facts.num_items
        prefix: list[Goal] = []
        for goal in facts.prefix if most is None else facts.prefix[:most]:
            if goal not in self._possible:
                most = len(prefix)
                break
            prefix.append(goal)
        rest = facts.rest
        if rest is None and (not facts.prefix or least > len(prefix)):
            rest = ANY
        if rest not in self._possible:
            most = min(len(prefix), len(prefix) if most is None else most)
        if most is not None and least > most:
            return
        if facts.is_unique and (most is None or most > 1):
            yield from self._write_unique(facts, least, most)
            return
        yield _array(prefix, rest, least, most)

    def _write_unique(self, facts: Facts, least: int, most: int | None) -> Iterator[dict[str, Any]]:
        options = self._reader.alternatives(facts.rest or ANY)
        values = [value for each in options for value in self._finite(each)]
        is_finite = all(
            each.values is not None or each.types <= {"null", "boolean"} for each in options
        )
        if facts.prefix or not is_finite or len(values) > MAX_UNIQUE_VALUES:
            raise SchemaError(
                facts.at("uniqueItems"),
                f"is enforced for items of at most {MAX_UNIQUE_VALUES} values",
            )
        different = list({identify(value): value for value in values}.values())
        sizes = range(least, min(len(different), len(different) if most is None else most) + 1)
        if arrays := [list(each) for size in sizes for each in permutations(different, size)]:
            yield {"enum": arrays}

    def _finite(self, facts: Facts) -> list[Any]:
        if facts.values is not None:
            return self._keep_allowed(facts, facts.values)
        some = tuple(v for v in (None, False, True) if type_of_value(v) in facts.types)
        return self._keep_allowed(facts, some)

    def _write_object(self, facts: Facts) -> Iterator[dict[str, Any]]:
        self._check_excluded(facts, "object")
        least, most = facts.num_properties
        facts = self._name(facts)
        names = {name: facts.properties[name] for name in facts.properties}
        names |= {name: facts.property_goal(name) for name in facts.required if name not in names}
        names = {
            name: goal
            for name, goal in names.items()
            if goal in self._possible and self._accepts(facts.names, name)
        }
        if any(name not in names for name in facts.required):
            return
        free = self._free_names(facts, names, least)
        if free is None and most is not None and most > len(names):
            most = None
        least = least if least > len(facts.required) else 0
        if (most is not None and most < max(least, len(facts.required))) or (
            free is None and least > len(names)
        ):
            return
        if free is not None and least > len(facts.required) + 1:
            raise SchemaError(
                facts.at("minProperties"), "is enforced for free names up to one more than required"
            )
        written: dict[str, Any] = {"type": "object"}
        if names:
            written["properties"] = {name: Reference(goal) for name, goal in names.items()}
        if facts.required:
            written["required"] = list(facts.required)
        written |= {"additionalProperties": False} if free is None else free
        written |= {"minProperties": least} if least else {}
        written |= {"maxProperties": most} if most is not None else {}
        if not names and most == 0:
            written = {"type": "object", "additionalProperties": False}
        yield written

    def _name(self, facts: Facts) -> Facts:
        """Return the facts with the names written down, if ``propertyNames`` lists them."""
        options = self._reader.alternatives(facts.names)
        if facts.names == ANY or any(
            each.values is None and "string" in each.types for each in options
        ):
            return facts
        listed = [v for each in options for v in self._finite(each) if isinstance(v, str)]
        names = {name: facts.property_goal(name) for name in [*facts.properties, *listed]}
        return Facts(
            properties=names,
            additional=NOTHING,
            required=facts.required,
            names=facts.names,
            paths=facts.paths,
        )

    def _free_names(
        self, facts: Facts, names: Mapping[str, Goal], least: int
    ) -> dict[str, Any] | None:
        """Return how properties of other names are written; None: there are none."""
        additional = facts.additional
        patterns = [each for each in facts.patterns.values() if each[1] in self._possible]
        is_named = facts.properties or facts.patterns or facts.required
        if additional is None and (not is_named or (least > len(names) and not patterns)):
            additional = ANY
        is_open = additional is not None and additional in self._possible
        if patterns:
            if (
                len(patterns) > 1
                or len(facts.patterns) > 1
                or names
                or is_open
                or facts.names != ANY
            ):
                raise SchemaError(
                    facts.at("patternProperties"),
                    "is enforced alone: with one pattern, without 'properties', 'required', "
                    "'propertyNames' and free 'additionalProperties'",
                )
            ((node, goal),) = patterns
            text = _write_pattern(node, facts.at("patternProperties"))
            return {"patternProperties": {text: Reference(goal)}, "additionalProperties": False}
        if not is_open or additional is None:
            return None
        if facts.names != ANY:
            return self._write_named(facts, names, additional)
        if forbidden := facts.properties.keys() - names.keys():
            raise SchemaError(
                facts.at("additionalProperties"),
                f"cannot be enforced beside the property {min(forbidden)!r}, which nothing meets",
            )
        for name in names:
            if not name.isascii() or not name.isprintable() or set(name) & {'"', "\\"}:
                raise SchemaError(
                    facts.at("additionalProperties"),
                    f"cannot be enforced beside a property with the name {name!r}",
                )
        return {"additionalProperties": Reference(additional)}

    def _write_named(
        self, facts: Facts, names: Mapping[str, Goal], additional: Goal
    ) -> dict[str, Any]:
        options = [
            each for each in self._reader.alternatives(facts.names) if "string" in each.types
        ]
        if names or len(options) != 1:
            raise SchemaError(
                facts.at("propertyNames"), "is enforced without 'properties' and 'required' only"
            )
        self._check_excluded(options[0], "string")
        node = options[0].pattern[1] if options[0].pattern else Repeat(ANY_CHAR, 0, None)
        limited = _limit(node, options[0].length, facts.at("propertyNames"))
        if limited is None:
            raise SchemaError(facts.at("propertyNames"), "no name meets it")
        text = _write_pattern(limited, facts.at("propertyNames"))
        return {"patternProperties": {text: Reference(additional)}, "additionalProperties": False}

    def _matches(self, facts: Facts, text: str) -> bool:
        assert facts.pattern is not None
        node = facts.pattern[1]
        self._comparisons += (measure(node) + PARTS_PER_CHARACTER) * (len(text) + 1)
        if self._comparisons > MAX_VALUE_COMPARISONS:
            raise SchemaError(
                facts.at("pattern"),
                f"takes more than {MAX_VALUE_COMPARISONS} comparisons with so many values",
            )
        return matches(node, text)

    def _keep_allowed(self, facts: Facts, values: tuple[Any, ...]) -> list[Any]:
        return [value for value in values if self._meets(facts, value)]

    def _accepts(self, goal: Goal, value: Any) -> bool:
        return any(self._meets(facts, value) for facts in self._reader.alternatives(goal))

    def _meets(self, facts: Facts, value: Any) -> bool:
        """Return whether a value is one of the facts'."""
        kind, same = type_of_value(value), identify(value)
        if kind not in facts.types or any(identify(each) == same for each in facts.excluded):
            return False
        if facts.values is not None and same not in facts.identities:
            return False
        match kind:
            case "integer" | "fraction":
                return _meets_number(facts, value)
            case "string":
                fits = _is_within(len(value), facts.length)
                return fits and (facts.pattern is None or self._matches(facts, value))
            case "array":
                items = cast("list[Any]", value)
                different = {identify(item) for item in items}
                return (
                    _is_within(len(items), facts.num_items)
                    and (not facts.is_unique or len(different) == len(items))
                    and all(self._accepts(facts.item_goal(i), item) for i, item in enumerate(items))
                )
            case "object":
                pairs = cast("dict[str, Any]", value)
                return (
                    _is_within(len(pairs), facts.num_properties)
                    and all(name in pairs for name in facts.required)
                    and all(self._accepts(facts.names, name) for name in pairs)
                    and all(self._accepts(facts.property_goal(n), v) for n, v in pairs.items())
                )
            case _:
                return True


def _array(prefix: list[Goal], rest: Goal | None, least: int, most: int | None) -> dict[str, Any]:
    written: dict[str, Any] = {"type": "array"}
    if prefix:
        written["prefixItems"] = [Reference(goal) for goal in prefix]
    if most is not None and most <= len(prefix):
        written |= {"items": False} if prefix else {"maxItems": 0}
    else:
        written["items"] = Reference(rest or ANY)
    if most is not None:
        written["maxItems"] = most
    return {**written, "minItems": least} if least else written


def _is_within(size: int, limits: tuple[int, int | None]) -> bool:
    return size >= limits[0] and (limits[1] is None or size <= limits[1])


def _meets_number(facts: Facts, value: float) -> bool:
    exact = _exact(value)
    if facts.lower is not None and not (
        value > facts.lower[0] or (value == facts.lower[0] and not facts.lower[1])
    ):
        return False
    if facts.upper is not None and not (
        value < facts.upper[0] or (value == facts.upper[0] and not facts.upper[1])
    ):
        return False
    return all((exact / _exact(each)).denominator == 1 for each in facts.divisors)


def _exact(value: float) -> Fraction:
    """Return a number as it is written in decimals."""
    return Fraction(value if isinstance(value, int) else str(value))


def _is_short(least: int | None, most: int | None) -> bool:
    return least is not None and most is not None and most - least < MAX_LISTED_VALUES


def _round_up(bound: tuple[float, bool]) -> int:
    value = math.ceil(bound[0])
    return value + 1 if bound[1] and value == bound[0] else value


def _round_down(bound: tuple[float, bool]) -> int:
    value = math.floor(bound[0])
    return value - 1 if bound[1] and value == bound[0] else value


def _write_bounds(facts: Facts) -> dict[str, Any] | None:
    """Return the bounds of a number; None: there is no number between them."""
    bounds: dict[str, Any] = {}
    if facts.lower is not None and facts.upper is not None:
        (low, without_low), (high, without_high) = facts.lower, facts.upper
        if low > high or (low == high and (without_low or without_high)):
            return None
    if facts.lower is not None:
        bounds["exclusiveMinimum" if facts.lower[1] else "minimum"] = facts.lower[0]
    if facts.upper is not None:
        bounds["exclusiveMaximum" if facts.upper[1] else "maximum"] = facts.upper[0]
    return bounds


def _limit(node: Node, length: tuple[int, int | None], path: Path) -> Node | None:
    """Return the pattern for texts of these lengths; None: there are none."""
    shortest, longest = lengths(node)
    if (length[1] is not None and shortest > length[1]) or (
        longest is not None and longest < length[0]
    ):
        return None
    limited = limit_length(node, *length)
    if limited is None:
        raise SchemaError(path, "cannot be enforced together with this 'pattern' or 'format'")
    return limited


def _write_pattern(node: Node, path: Path) -> str:
    try:
        return write_pattern(node)
    except PatternError as error:
        raise SchemaError(path, str(error)) from error
