"""Writes a JSON Schema anew with the few keywords that the grammar compiler enforces.

The answer to the new schema is always one to the client's. xgrammar ignores many keywords and
combinations without a word: those are written in another way here, or refused by name.
"""

from collections.abc import Iterator
from typing import Any, cast

from wire.json_schema.facts import ANY, NOTHING, Facts, Goal
from wire.json_schema.keywords import Path, Schema, SchemaError
from wire.json_schema.reader import OPPOSITE, Reader
from wire.json_schema.writer import Reference, Writer

MAX_TRIES = 12
"""Keywords that are left out to find the one that no value meets."""


class ImpossibleError(SchemaError):
    """A schema that no value meets."""


def compile_schema(schema: object) -> Schema:
    """Return an equivalent schema that the grammar compiler enforces.

    Where the client's leaves open what else a value may have, it may have nothing else.

    Raises:
        SchemaError: the schema is malformed, no value meets it, or it cannot be enforced.
    """
    if not isinstance(schema, dict | bool):
        raise SchemaError((), "must be a schema: an object, true or false")
    document = cast("Schema", schema)
    try:
        return _Compiler(document).compile()
    except ImpossibleError as error:
        raise _name_keyword(document, error) from error
    except SchemaError as error:
        raise _within(error) from error


def _name_keyword(schema: Schema, error: SchemaError) -> SchemaError:
    """Return the error with the first keyword without which the schema would have values."""
    error = _within(error)
    place: Any = schema
    for part in error.path:
        place = place[part]
    stated = cast("dict[str, Any]", place) if isinstance(place, dict) else {}
    keywords = sorted(stated, key="type".__eq__)  # which is rarely the mistake
    for keyword in keywords[:MAX_TRIES]:
        changed = _without_keyword(schema, error.path, keyword)
        try:
            _Compiler(changed).compile()
        except ImpossibleError:
            continue
        except SchemaError:
            pass
        return SchemaError((*error.path, keyword), error.reason)
    return error


def _without_keyword(schema: Any, path: Path, keyword: str) -> Any:
    if not path:
        return {name: value for name, value in schema.items() if name != keyword}
    changed: Any = list(schema) if isinstance(schema, list) else dict(schema)
    first: Any = path[0]
    changed[first] = _without_keyword(schema[first], path[1:], keyword)
    return changed


def _within(error: SchemaError) -> SchemaError:
    """Return the error with a path that the document has, where it is about an opposite."""
    if OPPOSITE not in error.path:
        return error
    path = error.path[: error.path.index(OPPOSITE)]
    return SchemaError(path, f"has no opposite that can be enforced: {error.reason}")


class _Compiler:
    def __init__(self, schema: Schema) -> None:
        self._reader = Reader(schema)
        self._writer = Writer(self._reader)
        self._possible: set[Goal] = set()

    def compile(self) -> Schema:
        root = self._reader.root
        self._possible = self._writer.find_possible(self._order_goals(root))
        if root not in self._possible:
            raise ImpossibleError(self._find_impossible(root), "no value meets it")
        return self._assemble(root)

    def _order_goals(self, root: Goal) -> list[Goal]:
        """Return the goals of a value and its parts, parts first."""
        order = {root: None}
        ahead = [root]
        while ahead:
            for facts in self._reader.alternatives(ahead.pop()):
                for goal in _parts(facts):
                    if goal not in order:
                        order[goal] = None
                        ahead.append(goal)
        return list(reversed(order))

    def _find_impossible(self, goal: Goal) -> Path:
        """Return the innermost schema that keeps a goal from being met."""
        path, seen = self._reader.path(goal), {goal}
        while True:
            options = self._reader.alternatives(goal)
            parts = [
                part
                for facts in options[:1]
                for part in (facts.property_goal(name) for name in facts.required)
                if part not in self._possible and part not in seen
            ]
            if not parts or parts[0] == NOTHING:
                return path
            goal = parts[0]
            seen.add(goal)
            path = self._reader.path(goal)

    def _assemble(self, root: Goal) -> Schema:
        """Return the schema in which a goal that several places have is a definition."""
        written: dict[Goal, list[dict[str, Any]]] = {}
        uses = {root: 1}
        ahead = [root]
        while ahead:
            goal = ahead.pop()
            written[goal] = self._writer.write(goal)
            for used in _references(written[goal]):
                uses[used] = uses.get(used, 0) + 1
                if uses[used] == 1:
                    ahead.append(used)
        shared = {goal: str(i) for i, goal in enumerate(uses) if uses[goal] > 1 and goal != ANY}

        def build(part: Any) -> Any:
            if isinstance(part, Reference):
                if part.goal in shared:
                    return {"$ref": f"#/$defs/{shared[part.goal]}"}
                return build(_any_of(written[part.goal]))
            if isinstance(part, dict):
                return {key: build(each) for key, each in cast("dict[str, Any]", part).items()}
            if isinstance(part, list):
                return [build(each) for each in cast("list[Any]", part)]
            return part

        schema = build(Reference(root))
        definitions = {name: build(_any_of(written[goal])) for goal, name in shared.items()}
        return {**schema, "$defs": definitions} if definitions else schema


def _parts(facts: Facts) -> Iterator[Goal]:
    """Yield what the parts of a value must meet."""
    yield from facts.properties.values()
    yield from (facts.property_goal(name) for name in facts.required)
    yield from (goal for _, goal in facts.patterns.values())
    if "object" in facts.types:
        yield facts.additional or ANY
    yield facts.names
    yield from facts.prefix
    if "array" in facts.types:
        yield facts.rest or ANY


def _references(part: Any) -> Iterator[Goal]:
    if isinstance(part, Reference):
        yield part.goal
    elif isinstance(part, dict):
        for each in cast("dict[str, Any]", part).values():
            yield from _references(each)
    elif isinstance(part, list):
        for each in cast("list[Any]", part):
            yield from _references(each)


def _any_of(options: list[dict[str, Any]]) -> dict[str, Any]:
    return options[0] if len(options) == 1 else {"anyOf": options}
