"""What a value must be to meet one alternative of a schema, and how two such sets combine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from wire.json_schema.keywords import Path, SchemaError
from wire.json_schema.patterns import Node, matches

Goal = tuple[int, ...]
"""Schemas, by their numbers, that a value must meet together."""

ALL_TYPES = frozenset({"null", "boolean", "integer", "fraction", "string", "array", "object"})
"""A number is an integer or a fraction."""

ANY: Goal = ()
NOTHING: Goal = (0,)
"""The goal of the schema ``false``, which has this number."""

Bound = tuple[float, bool]
"""A limit, and whether it is itself excluded."""


def identify(value: Any) -> object:
    """Return a value that is equal for values that are equal in JSON."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    if isinstance(value, list):
        return ("list", tuple(identify(each) for each in cast("list[Any]", value)))
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value).items()
        return ("dict", frozenset((key, identify(each)) for key, each in pairs))
    return ("number", value)


def type_of_value(value: Any) -> str:
    """Return the type of a value of JSON."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case int():
            return "integer"
        case _:
            return "integer" if float(value).is_integer() else "fraction"


def join(*goals: Goal) -> Goal:
    """Return the goal of meeting all these."""
    return tuple(dict.fromkeys(number for goal in goals for number in goal))


@dataclass(frozen=True)
class Facts:
    """One alternative of a schema. A fact about a type does not limit the others."""

    types: frozenset[str] = ALL_TYPES
    values: tuple[Any, ...] | None = None
    excluded: tuple[Any, ...] = ()
    lower: Bound | None = None
    upper: Bound | None = None
    divisors: tuple[float, ...] = ()
    pattern: tuple[str, Node] | None = None
    """A pattern, and the texts that meet it."""
    length: tuple[int, int | None] = (0, None)
    properties: Mapping[str, Goal] = field(default_factory=dict[str, Goal])
    patterns: Mapping[str, tuple[Node, Goal]] = field(default_factory=dict[str, tuple[Node, Goal]])
    additional: Goal | None = None
    """Of the properties that have no other; None: the schema leaves it open."""
    names: Goal = ANY
    required: tuple[str, ...] = ()
    num_properties: tuple[int, int | None] = (0, None)
    prefix: tuple[Goal, ...] = ()
    rest: Goal | None = None
    """Of the items after those; None: the schema leaves it open."""
    num_items: tuple[int, int | None] = (0, None)
    is_unique: bool = False
    paths: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Where each keyword stands."""

    @cached_property
    def identities(self) -> frozenset[object]:
        """The values, comparable."""
        return frozenset(map(identify, self.values or ()))

    def property_goal(self, name: str) -> Goal:
        """Return what a property of this name must meet."""
        goals = [self.properties[name]] if name in self.properties else []
        goals += [goal for node, goal in self.patterns.values() if matches(node, name)]
        return join(*goals) if goals else self.additional or ANY

    def item_goal(self, index: int) -> Goal:
        """Return what an item at this place must meet."""
        return self.prefix[index] if index < len(self.prefix) else self.rest or ANY

    def at(self, keyword: str) -> Path:
        """Return where a keyword stands, for errors."""
        return self.paths.get(keyword, self.paths.get("", ()))

    def is_free(self) -> bool:
        """Return whether any value will do."""
        return replace(self, paths={}) == Facts()


def merge(a: Facts, b: Facts) -> Facts | None:
    """Return what a value must be to meet both; None: there is no such value.

    Raises:
        SchemaError: both have patterns that no grammar combines.
    """
    types = a.types & b.types
    if not types:
        return None
    values = _common(a.values, b.values)
    if values == ():
        return None
    lower = [bound for bound in (a.lower, b.lower) if bound is not None]
    upper = [(value, not excluded) for value, excluded in filter(None, (a.upper, b.upper))]
    paths = {**a.paths, **b.paths}
    patterns, properties, additional = _merge_objects(a, b)
    size = max(len(a.prefix), len(b.prefix))
    least_upper = min(upper, default=None)
    return Facts(
        types=types,
        values=values,
        excluded=a.excluded + b.excluded,
        lower=max(lower, default=None),
        upper=least_upper and (least_upper[0], not least_upper[1]),
        divisors=tuple(dict.fromkeys(a.divisors + b.divisors)),
        pattern=_merge_patterns(a, b),
        length=narrow(a.length, b.length),
        properties=properties,
        patterns=patterns,
        additional=additional,
        names=join(a.names, b.names),
        required=tuple(dict.fromkeys(a.required + b.required)),
        num_properties=narrow(a.num_properties, b.num_properties),
        prefix=tuple(join(a.item_goal(i), b.item_goal(i)) for i in range(size)),
        rest=_join_known(a.rest, b.rest),
        num_items=narrow(a.num_items, b.num_items),
        is_unique=a.is_unique or b.is_unique,
        paths=paths,
    )


def narrow(a: tuple[int, int | None], b: tuple[int, int | None]) -> tuple[int, int | None]:
    """Return the range that both have in common."""
    most = [limit for limit in (a[1], b[1]) if limit is not None]
    return max(a[0], b[0]), min(most, default=None)


def _join_known(a: Goal | None, b: Goal | None) -> Goal | None:
    return None if a is None and b is None else join(a or ANY, b or ANY)


def _common(a: tuple[Any, ...] | None, b: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    if a is None or b is None:
        return b if a is None else a
    wanted = {identify(value) for value in b}
    return tuple(value for value in a if identify(value) in wanted)


def _merge_patterns(a: Facts, b: Facts) -> tuple[str, Node] | None:
    if a.pattern is None or b.pattern is None or a.pattern[1] == b.pattern[1]:
        return a.pattern or b.pattern
    keyword = "format" if "format" in b.paths and "pattern" not in b.paths else "pattern"
    raise SchemaError(b.at(keyword), "cannot be enforced together with another for one string")


def _merge_objects(
    a: Facts, b: Facts
) -> tuple[dict[str, tuple[Node, Goal]], dict[str, Goal], Goal | None]:
    if a.patterns and b.patterns and a.patterns.keys() != b.patterns.keys():
        raise SchemaError(b.at("patternProperties"), "cannot be enforced together with another")
    names = _order(a.properties, b.properties)
    properties = {name: join(a.property_goal(name), b.property_goal(name)) for name in names}
    patterns: dict[str, tuple[Node, Goal]] = {}
    for text in _order(a.patterns, b.patterns):
        node = (a.patterns.get(text) or b.patterns[text])[0]
        goals = [
            each.patterns[text][1] if text in each.patterns else each.additional or ANY
            for each in (a, b)
        ]
        patterns[text] = (node, join(*goals))
    return patterns, properties, _join_known(a.additional, b.additional)


def _order(*names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(name for each in names for name in each))
