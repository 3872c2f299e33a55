"""The keywords of JSON Schema, what each must look like, and what becomes of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, cast

from wire.errors import echo

Schema = dict[str, Any] | bool
Path = tuple[str | int, ...]
Fate = Literal["enforced", "limited", "refused", "annotation"]

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


class SchemaError(ValueError):
    """A schema is malformed, or has something that cannot be enforced.

    ``path`` is the place in the schema, with the keyword at its end.
    """

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason


def write_path(path: Path) -> str:
    """Return a path as messages write it: ``properties.a.anyOf[0]``."""
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return written.removeprefix(".")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    if not _is_number(value):
        return False
    number = cast("int | float", value)
    return number >= 0 and (isinstance(number, int) or number.is_integer())


def _is_schema(value: object) -> bool:
    return isinstance(value, dict | bool)


def _is_names(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(name, str) for name in cast("list[Any]", value)
    )


def _is_map(value: object, check: Callable[[object], bool]) -> bool:
    return isinstance(value, dict) and all(
        check(each) for each in cast("dict[str, Any]", value).values()
    )


def _is_type(value: object) -> bool:
    if isinstance(value, list):
        names = cast("list[Any]", value)
        return bool(names) and all(isinstance(name, str) and name in TYPES for name in names)
    return isinstance(value, str) and value in TYPES


SHAPES: dict[str, tuple[Callable[[object], bool], str]] = {
    "type": (_is_type, f"one of {', '.join(TYPES)}, or a list of them"),
    "number": (_is_number, "a number"),
    "divisor": (lambda v: _is_number(v) and cast("float", v) > 0, "a number greater than 0"),
    "bound": (lambda v: _is_number(v) or isinstance(v, bool), "a number"),
    "count": (_is_count, "a whole number that is not negative"),
    "text": (lambda v: isinstance(v, str), "a string"),
    "flag": (lambda v: isinstance(v, bool), "true or false"),
    "values": (lambda v: isinstance(v, list) and bool(v), "a list with at least one value"),
    "names": (_is_names, "a list of strings"),
    "schema": (_is_schema, "a schema: an object, true or false"),
    "schemas": (
        lambda v: isinstance(v, list) and bool(v) and all(map(_is_schema, cast("list[Any]", v))),
        "a list with at least one schema",
    ),
    "items": (
        lambda v: (
            _is_schema(v) or (isinstance(v, list) and all(map(_is_schema, cast("list[Any]", v))))
        ),
        "a schema, or a list of schemas",
    ),
    "schema map": (lambda v: _is_map(v, _is_schema), "an object of schemas"),
    "name map": (lambda v: _is_map(v, _is_names), "an object of lists of strings"),
    "dependencies": (
        lambda v: _is_map(v, lambda each: _is_schema(each) or _is_names(each)),
        "an object of schemas and lists of strings",
    ),
    "any": (lambda _: True, "anything"),
}

KEYWORDS: Mapping[str, tuple[str, Fate, str]] = {
    # keyword: shape, what becomes of it, and its limits
    "type": ("type", "enforced", ""),
    "enum": ("values", "enforced", ""),
    "const": ("any", "enforced", ""),
    "minimum": ("number", "enforced", "within 64 bits"),
    "maximum": ("number", "enforced", "within 64 bits"),
    "exclusiveMinimum": ("bound", "enforced", "also draft 4's `true`"),
    "exclusiveMaximum": ("bound", "enforced", "also draft 4's `true`"),
    "multipleOf": (
        "divisor",
        "limited",
        "whole numbers with both bounds and at most 1,000 values; 1; what `enum` or `const` meets",
    ),
    "minLength": ("count", "limited", "beside `pattern` or `format`: where one part varies"),
    "maxLength": ("count", "limited", "beside `pattern` or `format`: where one part varies"),
    "pattern": (
        "text",
        "limited",
        r"without lookaround, backreferences, `\b`, `\p`, and anchors within; one for a string",
    ),
    "format": (
        "text",
        "limited",
        "the formats of JSON Schema but `regex`; another name is an annotation",
    ),
    "properties": ("schema map", "enforced", "written in this order"),
    "required": ("names", "enforced", ""),
    "additionalProperties": (
        "schema",
        "limited",
        "where it is absent, only `properties` are written; beside names in plain ASCII",
    ),
    "patternProperties": ("schema map", "limited", "one pattern, not beside `properties`"),
    "propertyNames": ("schema", "limited", "not beside `additionalProperties` with `properties`"),
    "minProperties": ("count", "limited", "of free names: one"),
    "maxProperties": ("count", "enforced", ""),
    "dependentRequired": ("name map", "enforced", ""),
    "dependentSchemas": ("schema map", "enforced", ""),
    "dependencies": ("dependencies", "enforced", "draft 7"),
    "unevaluatedProperties": ("schema", "enforced", ""),
    "items": ("items", "enforced", "also draft 7's list"),
    "additionalItems": ("schema", "enforced", "draft 7"),
    "prefixItems": ("schemas", "enforced", ""),
    "unevaluatedItems": ("schema", "enforced", ""),
    "minItems": ("count", "enforced", ""),
    "maxItems": ("count", "enforced", ""),
    "uniqueItems": ("flag", "limited", "of one item, or of at most 5 values"),
    "contains": ("schema", "refused", "but with `minContains: 0` and no `maxContains`"),
    "minContains": ("count", "refused", "with `contains`"),
    "maxContains": ("count", "refused", "with `contains`"),
    "allOf": ("schemas", "enforced", "merged"),
    "anyOf": ("schemas", "enforced", ""),
    "oneOf": ("schemas", "limited", "where the alternatives exclude each other, or can be made to"),
    "not": (
        "schema",
        "limited",
        "of `type`, `const`, `enum`, `required`, `properties`, bounds and combinations of them",
    ),
    "if": ("schema", "limited", "as `not`"),
    "then": ("schema", "enforced", ""),
    "else": ("schema", "enforced", ""),
    "$ref": ("text", "limited", "within the schema"),
    "$defs": ("schema map", "enforced", ""),
    "definitions": ("schema map", "enforced", "draft 7"),
    "$anchor": ("text", "enforced", ""),
    "$id": ("text", "limited", "of the whole schema"),
    "id": ("any", "annotation", "draft 4"),
    "$dynamicRef": ("text", "refused", ""),
    "$recursiveRef": ("text", "refused", ""),
    "$dynamicAnchor": ("text", "refused", ""),
    "$recursiveAnchor": ("any", "refused", ""),
    "nullable": ("flag", "enforced", "OpenAPI 3.0"),
    "$schema": ("text", "annotation", ""),
    "$vocabulary": ("any", "annotation", ""),
    "$comment": ("any", "annotation", ""),
    "title": ("any", "annotation", ""),
    "description": ("any", "annotation", ""),
    "default": ("any", "annotation", ""),
    "examples": ("any", "annotation", ""),
    "deprecated": ("any", "annotation", ""),
    "readOnly": ("any", "annotation", ""),
    "writeOnly": ("any", "annotation", ""),
    "contentEncoding": ("any", "annotation", ""),
    "contentMediaType": ("any", "annotation", ""),
    "contentSchema": ("any", "annotation", ""),
}
"""Any other keyword is an annotation, as the specification wants it."""

RANGES = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
)


def walk(schema: Schema, path: Path = ()) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Yield the schemas of a document with their paths, each before those in it.

    True and false are schemas without keywords.
    """
    ahead: list[tuple[Schema, Path]] = [(schema, path)]
    while ahead:
        each, place = ahead.pop()
        if isinstance(each, bool):
            yield {}, place
            continue
        yield each, place
        for keyword, value in each.items():
            shape = KEYWORDS.get(keyword, ("any", "", ""))[0]
            parts: Any = ()
            if shape in ("schema map", "dependencies"):
                parts = [((*place, keyword, name), part) for name, part in value.items()]
            elif isinstance(value, list) and shape in ("schemas", "items"):
                listed = enumerate(cast("list[Any]", value))
                parts = [((*place, keyword, index), part) for index, part in listed]
            elif shape in ("schema", "items"):
                parts = [((*place, keyword), value)]
            ahead += [(part, where) for where, part in parts if _is_schema(part)]


def count_values(schema: Mapping[str, Any]) -> int:
    """Return the number of values and names that one schema lists."""
    listed = [schema[name] for name in ("enum", "const", "required", "type") if name in schema]
    for keyword in ("dependentRequired", "dependencies"):
        listed += [each for each in schema.get(keyword, {}).values() if isinstance(each, list)]
    return _count(listed)


def _count(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_count, cast("dict[str, Any]", value).values()))
    return 1 + sum(map(_count, cast("list[Any]", value))) if isinstance(value, list) else 1


def check_shape(schema: Mapping[str, Any], path: Path) -> None:
    """Check that the keywords of one schema are well-formed, but not the schemas in it.

    Raises:
        SchemaError: names the first that is not.
    """
    for keyword, value in schema.items():
        if keyword not in KEYWORDS:
            continue
        check, expected = SHAPES[KEYWORDS[keyword][0]]
        if not check(value):
            raise SchemaError((*path, keyword), f"must be {expected} (received {echo(value)})")
    for least, most in RANGES:
        if least in schema and most in schema and schema[least] > schema[most]:
            raise SchemaError((*path, least), f"is greater than '{most}'")
