"""Returns the schema of the values that do not meet a schema, where it can be written."""

from collections.abc import Mapping
from typing import Any

from wire.json_schema.keywords import KEYWORDS, TYPES, Path, Schema, SchemaError

EXCLUDED = "\0excluded"
"""A keyword that no document has: values that are not allowed."""

BOUNDS = {
    "minimum": "exclusiveMaximum",
    "maximum": "exclusiveMinimum",
    "exclusiveMinimum": "maximum",
    "exclusiveMaximum": "minimum",
}
LEAST = {
    "minLength": ("string", "maxLength"),
    "minItems": ("array", "maxItems"),
    "minProperties": ("object", "maxProperties"),
}
MOST = {
    "maxLength": ("string", "minLength"),
    "maxItems": ("array", "minItems"),
    "maxProperties": ("object", "minProperties"),
}


def negate(schema: Schema, path: Path) -> Schema:
    """Return the schema of what does not meet ``schema``.

    Raises:
        SchemaError: a keyword in it has no opposite.
    """
    if isinstance(schema, bool):
        return not schema
    options: list[Schema] = []
    for keyword, value in schema.items():
        if KEYWORDS.get(keyword, ("", "annotation", ""))[1] != "annotation" and keyword not in (
            "$defs",
            "definitions",
        ):
            options += _opposites(keyword, value, schema, path)
    if True in options:
        return True
    return {"anyOf": options} if options else False


def _opposites(keyword: str, value: Any, schema: Mapping[str, Any], path: Path) -> list[Schema]:
    if keyword in BOUNDS and not isinstance(value, bool):
        return [{"type": "number", BOUNDS[keyword]: value}]
    if keyword in LEAST:
        kind, opposite = LEAST[keyword]
        return [{"type": kind, opposite: value - 1}] if value > 0 else []
    if keyword in MOST:
        kind, opposite = MOST[keyword]
        return [{"type": kind, opposite: value + 1}]
    return _opposites_of_schemas(keyword, value, path)


def _opposites_of_schemas(keyword: str, value: Any, path: Path) -> list[Schema]:
    match keyword:
        case "type":
            return _other_types([value] if isinstance(value, str) else value, path)
        case "const":
            return [{EXCLUDED: [value]}]
        case "enum":
            return [{EXCLUDED: value}]
        case "required":
            return [{"type": "object", "properties": {name: False}} for name in value]
        case "properties":
            return [
                {"type": "object", "required": [name], "properties": {name: {"not": each}}}
                for name, each in value.items()
                if each is not True and each != {}
            ]
        case "anyOf":
            return [{"allOf": [{"not": each} for each in value]}]
        case "allOf":
            return [{"not": each} for each in value]
        case "not":
            return [value]
        case _:
            raise SchemaError((*path, keyword), "cannot be enforced in 'not', 'if' or 'oneOf'")


def _other_types(types: list[str], path: Path) -> list[Schema]:
    if "integer" in types and "number" not in types:
        raise SchemaError((*path, "type"), "'integer' cannot be enforced in 'not', 'if' or 'oneOf'")
    others = [name for name in TYPES if name not in types and name != "integer"]
    return [{"type": others}] if others else []
