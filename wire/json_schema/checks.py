"""Refuses what constrains an answer and cannot be enforced, by its path in the request."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic_core import from_json, to_json

from wire.deferred import deferrable
from wire.errors import InvalidRequestError, echo
from wire.json_schema.compiler import compile_schema
from wire.json_schema.keywords import SchemaError, write_path
from wire.json_schema.pattern_parser import parse_pattern
from wire.json_schema.patterns import PatternError, can_match
from wire.limits import MAX_SCHEMA_BYTES

Fields = Mapping[str, Any]


PLAIN_CHARS = 1000
COMBINES = re.compile(
    '"(allOf|oneOf|anyOf|not|if|depend[^"]*|unevaluated[^"]*|[^"]*[pP]attern[^"]*|propertyNames|'
    'format|enum|uniqueItems|multipleOf|[$]ref)"'
)
"""Keywords that may take longer than their text is long."""
SHORT_PATTERN_CHARS = 100

Fault = tuple[list[str | int], str] | None
"""Where something is wrong, and why."""


def check_schema(
    schema: object, param: str, spelled: Mapping[str | int, str] | None = None
) -> None:
    """Check that a JSON schema can be enforced.

    Args:
        schema: The schema.
        param: Where the request has it.
        spelled: Keywords at its root that the request spells in another way.

    Raises:
        InvalidRequestError: names the keyword by its path in the request.
    """
    text = to_json(schema)
    if len(text) > MAX_SCHEMA_BYTES:
        fault: Fault = [], f"has more than {MAX_SCHEMA_BYTES} bytes"
    else:
        fault = find_fault(text.decode(), param)
    if fault is not None:
        where, reason = fault
        first = [(spelled or {}).get(part, part) for part in where[:1]]
        path = write_path((param, *first, *where[1:]))
        raise InvalidRequestError(f"Invalid '{path}': {reason}.", path)


def _is_plain(schema: str) -> bool:
    """Return whether a schema is read in a few milliseconds: a short one that combines nothing."""
    return len(schema) <= PLAIN_CHARS and COMBINES.search(schema) is None


@deferrable(None, _is_plain)
def find_fault(schema: str) -> Fault:
    """Return where a schema is wrong and why."""
    try:
        compile_schema(from_json(schema))
    except SchemaError as error:
        return list(error.path), error.reason
    return None


def check_regex(pattern: object, param: str) -> None:
    """Check that a regular expression can be enforced.

    Raises:
        InvalidRequestError: it cannot, or is none.
    """
    if not isinstance(pattern, str):
        raise InvalidRequestError(
            f"Invalid '{param}': must be a string (received {echo(pattern)}).", param
        )
    if fault := find_fault_of_regex(pattern, param):
        raise InvalidRequestError(f"Invalid '{param}': {fault} (received {echo(pattern)}).", param)


@deferrable(None, lambda pattern: len(pattern) <= SHORT_PATTERN_CHARS)
def find_fault_of_regex(pattern: str) -> str | None:
    """Return why a regular expression cannot be enforced."""
    try:
        return None if can_match(parse_pattern(pattern)) else "no text matches it"
    except PatternError as error:
        return str(error)


def check_choice(choice: object, param: str) -> None:
    """Check that there are texts to choose from.

    Raises:
        InvalidRequestError: it is no list of texts.
    """
    texts = cast("list[object]", choice) if isinstance(choice, list) else []
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise InvalidRequestError(
            f"Invalid '{param}': must be a list of texts (received {echo(choice)}).", param
        )


def check_named_schema(form: object, param: str) -> None:
    """Check an object that names a schema, as OpenAI's ``json_schema``.

    Raises:
        InvalidRequestError: it has no schema, or one that cannot be enforced.
    """
    if not isinstance(form, dict) or form.get("schema") is None:
        raise InvalidRequestError(
            f"Missing required parameter: '{param}.schema'.", f"{param}.schema"
        )
    if isinstance(form["schema"], bool):  # vLLM's types have no such schema
        raise InvalidRequestError(
            f"Invalid '{param}.schema': must be an object (received {echo(form['schema'])}).",
            f"{param}.schema",
        )
    check_schema(form["schema"], f"{param}.schema")


def check_tag(tag: object, param: str) -> None:
    """Check the schemas and expressions in a structural tag.

    Raises:
        InvalidRequestError: one cannot be enforced.
    """
    if isinstance(tag, list):
        for index, each in enumerate(cast("list[object]", tag)):
            check_tag(each, f"{param}[{index}]")
    if not isinstance(tag, dict):
        return
    parts = cast("Fields", tag)
    if parts.get("type") == "regex":
        check_regex(parts.get("pattern"), f"{param}.pattern")
    schema = "json_schema" if parts.get("type") == "json_schema" else "schema"
    if schema in parts:
        check_schema(parts[schema], f"{param}.{schema}")
    for name in parts.keys() - {schema}:
        check_tag(parts[name], f"{param}.{name}")


def check_tools(tools: Sequence[Fields], stated: Sequence[Fields], param: str = "tools") -> None:
    """Check the schemas of the tools whose calls are held to them.

    Args:
        tools: The tools as the engine reads them.
        stated: Those of the request, for the paths.
        param: Their name in the request.

    Raises:
        InvalidRequestError: one cannot be enforced.
    """
    names = [str(_function_of(tool).get("name")) for tool in stated]
    places = {name: index for index, name in reversed([*enumerate(names)])}
    for tool in tools:
        function = _function_of(tool)
        path = f"{param}[{places.get(str(function.get('name')), 0)}]"
        if function is not tool and param == "tools":
            path = f"{path}.function"
        if not function.get("strict"):
            continue
        for name in ("parameters", "input_schema"):
            if function.get(name) is not None:
                check_schema(function[name], f"{path}.{name}")


def _function_of(tool: Fields) -> Fields:
    nested = tool.get("function")
    return cast("Fields", nested) if isinstance(nested, dict) else tool
