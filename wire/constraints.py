"""Translates the fields that constrain an answer's format into vLLM's structured outputs.

``grammar`` is translated from GBNF. LocalAI's ``grammar_json_functions`` becomes the JSON schema of
a call, which the model writes as the answer's text. Other spellings are vLLM's former names and
llama.cpp's. What cannot be enforced is refused.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Literal, cast

from pydantic import Field, ValidationError
from pydantic_core import from_json, to_json

from wire.deferred import deferrable
from wire.errors import InvalidRequestError, echo
from wire.grammar.ebnf import gbnf_to_ebnf
from wire.json_schema.checks import (
    SHORT_PATTERN_CHARS,
    check_choice,
    check_named_schema,
    check_regex,
    check_schema,
    check_tag,
)
from wire.json_schema.pattern_parser import escape_braces
from wire.json_schema.patterns import PatternError
from wire.limits import MAX_SCHEMA_BYTES
from wire.requests import RequestBody, type_of
from wire.validation_errors import from_validation_errors

Fields = dict[str, Any]

GRAMMAR = "grammar"
FUNCTIONS = "grammar_json_functions"

SHORT_GRAMMAR_CHARS = 1000
"""Of a grammar that is translated in a few milliseconds."""

DEFINITION = "#/$defs/"

OUTPUTS = "structured_outputs"
FORMAT = "response_format"

SPELLINGS = {
    "guided_json": "json",
    "guided_json_object": "json_object",
    "guided_regex": "regex",
    "guided_choice": "choice",
    "guided_grammar": "grammar",
    "json_schema": "json",
}
"""Members of ``structured_outputs`` under their former names, and llama.cpp's."""

KINDS = ("json", "json_object", "regex", "choice", "grammar", "structural_tag")
"""Members of ``structured_outputs`` that constrain the answer."""

WITHOUT_EFFECT = ("whitespace_pattern", "disable_any_whitespace", "disable_additional_properties")
"""Members of ``structured_outputs`` that vLLM's backend of this server does not read."""

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
    """Return a request's fields with the other spellings replaced by vLLM's.

    Raises:
        InvalidRequestError: a field is malformed, two fields constrain the format, or the format
            cannot be enforced.
    """
    translated = _translate(fields)
    outputs = translated.get(OUTPUTS)
    if not isinstance(outputs, dict) or outputs.get("regex") is None:
        return translated
    pattern = cast("Fields", outputs)["regex"]
    return {
        **translated,
        OUTPUTS: {**outputs, "regex": escape_pattern(pattern, f"{OUTPUTS}.regex")},
    }


@deferrable("", lambda pattern: len(pattern) <= SHORT_PATTERN_CHARS)
def escape_pattern(pattern: str) -> str:
    """Return a regular expression as the engine's library reads it, if it can be enforced."""
    try:
        return escape_braces(pattern)
    except PatternError:
        return pattern  # refused by its check


def _translate(fields: Fields) -> Fields:
    _refuse_second_forms(fields)
    others = {GRAMMAR, FUNCTIONS, *SPELLINGS}
    rest = {name: value for name, value in fields.items() if name not in others}
    if (functions := fields.get(FUNCTIONS)) is not None:
        return rest | {OUTPUTS: {"structural_tag": _call_as_text(functions)}}
    if grammar := fields.get(GRAMMAR):
        return rest | {OUTPUTS: {"grammar": _translate_grammar(grammar)}}
    for name, kind in SPELLINGS.items():
        if (value := fields.get(name)) is not None:
            _check_output(kind, value, name)
            rest = {**rest, OUTPUTS: {**(rest.get(OUTPUTS) or {}), kind: value}}
            if type_of(rest.get(FORMAT)) != "text":
                rest.pop(FORMAT, None)  # the same
            return rest
    if isinstance(outputs := rest.get(OUTPUTS), dict):
        _check_outputs(cast("Fields", outputs))
    if isinstance(form := rest.get(FORMAT), dict):
        rest = {**rest, FORMAT: _read_format(cast("Fields", form))}
    return rest


def name_as_sent(error: InvalidRequestError, sent: Fields) -> InvalidRequestError:
    """Return an engine's error about a constraint under the name that the request has for it."""
    if sent.get(OUTPUTS) is not None or not (error.param or "").startswith(f"{OUTPUTS}."):
        return error
    names = {
        f"{OUTPUTS}.{kind}": name
        for name, kind in {**SPELLINGS, GRAMMAR: GRAMMAR}.items()
        if sent.get(name) is not None
    }
    name = names.get(error.param or "")
    if name is None:
        return error
    return error.with_message(error.message.replace(f"{error.param}", name)).with_param(name)


def _translate_grammar(text: str) -> str:
    grammar, fault = convert_grammar(text, GRAMMAR)
    if fault:
        raise InvalidRequestError(f"Invalid '{GRAMMAR}': {fault}.", GRAMMAR)
    return grammar


@deferrable(("", ""), lambda text: len(text) <= SHORT_GRAMMAR_CHARS)
def convert_grammar(text: str) -> tuple[str, str]:
    """Return a grammar in the engine's notation, and what is wrong with it."""
    try:
        return gbnf_to_ebnf(text), ""
    except ValueError as error:
        return "", str(error)


def _check_outputs(outputs: Fields) -> None:
    stated = {kind: outputs[kind] for kind in KINDS if outputs.get(kind) is not None}
    if not stated:
        raise InvalidRequestError(
            f"Invalid '{OUTPUTS}': one of {', '.join(KINDS)} is needed (received {echo(outputs)}).",
            OUTPUTS,
        )
    for kind, value in stated.items():
        _check_output(kind, value, f"{OUTPUTS}.{kind}")
    for name in WITHOUT_EFFECT:
        if outputs.get(name):
            param = f"{OUTPUTS}.{name}"
            raise InvalidRequestError(
                f"'{param}' is not supported: the server limits the white space of JSON.", param
            )


def _read_format(form: Fields) -> Fields:
    """Return a response format as OpenAI writes it, checked.

    llama.cpp has the schema beside the type, also of a ``json_object``.
    """
    kind, schema = form.get("type"), form.get("schema")
    if kind == "structural_tag":
        check_tag(form, FORMAT)
    if kind in ("json_object", "json_schema") and schema is not None:
        named = form.get("json_schema")
        if isinstance(named, dict) and cast("Fields", named).get("schema") not in (None, schema):
            raise InvalidRequestError(
                f"'{FORMAT}.schema' and '{FORMAT}.json_schema.schema' differ; send one.",
                f"{FORMAT}.schema",
            )
        check_schema(schema, f"{FORMAT}.schema")
        return {"type": "json_schema", "json_schema": {"name": "response", "schema": schema}}
    if kind == "json_schema":
        check_named_schema(form.get("json_schema"), f"{FORMAT}.json_schema")
    return form


def _check_output(kind: str, value: Any, param: str) -> None:
    """Refuse a constraint that cannot be enforced."""
    match kind:
        case "json":
            if not isinstance(schema := _parse(value, param), dict):  # vLLM takes no booleans
                raise InvalidRequestError(
                    f"Invalid '{param}': must be an object (received {echo(value)}).", param
                )
            check_schema(schema, param)
        case "structural_tag":
            check_tag(_parse(value, param), param)
        case "regex":
            check_regex(value, param)
        case "choice":
            check_choice(value, param)
        case _:
            pass  # the engine's library reads it


def _parse(value: Any, param: str) -> Any:
    if not isinstance(value, str):
        return value
    if len(value) > MAX_SCHEMA_BYTES:
        raise InvalidRequestError(
            f"Invalid '{param}': has more than {MAX_SCHEMA_BYTES} bytes.", param
        )
    try:
        return from_json(value)
    except ValueError as error:
        raise InvalidRequestError(f"Invalid '{param}': not valid JSON.", param) from error


def _refuse_second_forms(fields: Fields) -> None:
    """Refuse a request that constrains its answer in two ways."""
    forms = {name: form for name, form in _read_forms(fields).items() if form is not None}
    names = list(forms)
    for name, other in pairwise(names):
        if forms[name] != forms[other]:
            raise InvalidRequestError(
                f"'{name}' and '{other}' both say what form the answer has; send one.", name
            )
    first = names[0] if names else None
    if first is None or first in (OUTPUTS, FORMAT):
        return
    rivals = {
        "tool_choice": fields.get("tool_choice") not in (None, "none", "auto"),
        "tools": first == FUNCTIONS and fields.get("tools"),
    }
    for other, is_set in rivals.items():  # vLLM would ignore the format and only force the call
        if is_set:
            raise InvalidRequestError(
                f"'{first}' and '{other}' both say what form the answer has; send one.", first
            )


def _read_forms(fields: Fields) -> Fields:
    """Return each field that constrains the answer, and its constraint; None: none."""
    outputs = fields.get(OUTPUTS)
    stated = outputs if isinstance(outputs, dict) else {}
    kinds = {kind: stated[kind] for kind in KINDS if stated.get(kind) is not None}
    form = fields.get(FORMAT)
    constraint: Fields | None = None
    if type_of(form) not in (None, "text") and isinstance(form, dict):
        named = form.get("json_schema")
        schema = form.get("schema") or (named.get("schema") if isinstance(named, dict) else None)
        constraint = {"json": schema} if schema else {"json_object": True}
    functions = fields.get(FUNCTIONS)
    return {
        FUNCTIONS: None if functions is None else {FUNCTIONS: functions},
        GRAMMAR: {GRAMMAR: fields[GRAMMAR]} if fields.get(GRAMMAR) else None,
        **{
            name: None if fields.get(name) is None else {kind: fields[name]}
            for name, kind in SPELLINGS.items()
        },
        OUTPUTS: kinds or (outputs if functions is not None else None),
        FORMAT: constraint,
    }


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
    spelling = "oneOf" if functions.oneOf else "anyOf"
    check_schema(schema, FUNCTIONS, {"anyOf": spelling})
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
