"""Translates LocalAI's fields that constrain an answer's format into vLLM's structured outputs.

``grammar`` is translated from GBNF. ``grammar_json_functions`` becomes the JSON schema of a call,
which the model writes as the answer's text. vLLM's own ``structured_outputs`` is passed unchanged.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError
from pydantic_core import to_json

from wire.errors import InvalidRequestError, echo
from wire.grammar.ebnf import gbnf_to_ebnf
from wire.requests import RequestBody, type_of
from wire.validation_errors import from_validation_errors

Fields = dict[str, Any]

GRAMMAR = "grammar"
FUNCTIONS = "grammar_json_functions"

DEFINITION = "#/$defs/"

JSONType = Literal["string", "number", "integer", "boolean", "object", "array", "null"]


class FunctionName(RequestBody):
    """A function's name, as a JSON schema with a single allowed value."""

    const: str = Field(min_length=1)


class ArgumentSchema(RequestBody):
    """The JSON schema of one argument. Only the type is checked here, the rest by the engine."""

    type: JSONType | list[JSONType] | None = None


class FunctionArguments(RequestBody):
    """The JSON schema of a function's arguments."""

    type: Literal["object"] = "object"
    properties: dict[str, ArgumentSchema] = Field(default_factory=dict)


class JSONFunctionCall(RequestBody):
    """The two properties of a call."""

    function: FunctionName
    arguments: FunctionArguments = Field(default_factory=FunctionArguments)


class JSONFunction(RequestBody):
    """The JSON schema of calls of one function."""

    type: Literal["object"] = "object"
    properties: JSONFunctionCall


class JSONFunctions(RequestBody):
    """LocalAI's ``grammar_json_functions``: the answer must be a call of one of these functions."""

    oneOf: list[JSONFunction] | None = None
    anyOf: list[JSONFunction] | None = None
    defs: dict[str, dict[str, Any]] = Field(default_factory=dict, alias="$defs")


def with_structured_outputs(fields: Fields) -> Fields:
    """Return a request's fields with LocalAI's replaced by ``structured_outputs``.

    Raises:
        InvalidRequestError: a field is malformed, or two fields constrain the format.
    """
    rest = {name: value for name, value in fields.items() if name not in (GRAMMAR, FUNCTIONS)}
    if (functions := fields.get(FUNCTIONS)) is not None:
        _refuse_a_second_form(FUNCTIONS, fields)
        return rest | {"structured_outputs": {"structural_tag": _call_as_text(functions)}}
    if grammar := fields.get(GRAMMAR):
        _refuse_a_second_form(GRAMMAR, fields)
        try:
            return rest | {"structured_outputs": {"grammar": gbnf_to_ebnf(grammar)}}
        except ValueError as error:
            raise InvalidRequestError(f"Invalid '{GRAMMAR}': {error}.", GRAMMAR) from error
    return rest


def _refuse_a_second_form(name: str, fields: Mapping[str, Any]) -> None:
    forced = fields.get("tool_choice") not in (None, "none", "auto")
    others = {
        GRAMMAR: name != GRAMMAR and fields.get(GRAMMAR),
        "structured_outputs": fields.get("structured_outputs") is not None,
        "response_format": type_of(fields.get("response_format")) not in (None, "text"),
        "tool_choice": forced,  # vLLM would ignore the format and only force the call
        "tools": name == FUNCTIONS and fields.get("tools"),
    }
    for other, asks in others.items():
        if asks:
            raise InvalidRequestError(
                f"'{name}' and '{other}' both say what form the answer has; send one.", name
            )


def _call_as_text(functions: object) -> str:
    """Return a structural tag that holds an answer to a JSON schema, with no two adjacent spaces.

    LocalAI's grammar has the same limit, and small models would fill the answer with spaces.
    """
    schema = {"type": "json_schema", "json_schema": _schema_of_calls(functions)}
    tag = {"type": "structural_tag", "format": {**schema, "max_whitespace_cnt": 1}}
    return to_json(tag).decode()


def _schema_of_calls(value: object) -> Fields:
    try:
        functions = JSONFunctions.model_validate(value)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        raise from_validation_errors(
            [{**each, "loc": (FUNCTIONS, *each["loc"])} for each in errors], {FUNCTIONS: value}
        ) from error
    if functions.oneOf and functions.anyOf:
        raise InvalidRequestError(
            f"Invalid '{FUNCTIONS}': 'oneOf' and 'anyOf' mean the same; send one.", FUNCTIONS
        )
    calls = functions.oneOf or functions.anyOf
    if not calls:
        raise InvalidRequestError(
            f"Invalid '{FUNCTIONS}': at least one function is needed, in 'oneOf' or 'anyOf'.",
            FUNCTIONS,
        )
    schema: Fields = {
        "title": FUNCTIONS,  # so that the engine's errors name the field
        "anyOf": [_schema_of_call(call.properties) for call in calls],
        "$defs": functions.defs,
    }
    for reference in _references(schema):
        name = reference.removeprefix(DEFINITION).split("/")[0]
        if not reference.startswith(DEFINITION) or name not in functions.defs:
            raise InvalidRequestError(
                f"Invalid '{FUNCTIONS}': '$defs' has nothing for {echo(reference)}.", FUNCTIONS
            )
    return schema


def _references(schema: object) -> Iterator[str]:
    ahead: list[Any] = [schema]
    while ahead:
        node = ahead.pop()
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                yield reference
            ahead.extend(node.values())
        elif isinstance(node, list):
            ahead.extend(node)


def _schema_of_call(call: JSONFunctionCall) -> Fields:
    """Return the schema of a JSON object that has exactly both keys.

    If a function does not list its required arguments, all are required, as in LocalAI.
    """
    stated = {"type": "object", **call.arguments.model_dump(exclude_unset=True)}
    arguments = {"required": list(call.arguments.properties), "additionalProperties": False}
    return {
        "type": "object",
        "properties": {
            "function": {"const": call.function.const},
            "arguments": {"$ref": stated["$ref"]} if "$ref" in stated else arguments | stated,
        },
        "required": ["function", "arguments"],
        "additionalProperties": False,
    }
