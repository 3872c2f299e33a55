"""LocalAI's fields for the form of an answer become structured outputs, or a 400 by name."""

import json
from typing import Any

import pytest

from wire.errors import InvalidRequestError
from wire.fields import engine_fields

YES_OR_NO = 'root ::= "yes" | "no"'


def function(name: object = "f", **arguments: Any) -> dict[str, Any]:
    """Return a function as LocalAI's clients write it."""
    return {
        "type": "object",
        "properties": {"function": {"const": name}, "arguments": {"type": "object", **arguments}},
    }


def schema_asked_for(functions: dict[str, Any]) -> dict[str, Any]:
    asked = engine_fields({"grammar_json_functions": functions, "tools": []})
    return json.loads(asked["structured_outputs"]["structural_tag"])["format"]["json_schema"]


def test_grammar_becomes_the_engines_structured_output() -> None:
    fields = {"grammar": r'root ::= "\x41b"', "response_format": "text", "tool_choice": "auto"}

    assert engine_fields(fields) == {
        "structured_outputs": {"grammar": 'root ::= "Ab"\n'},
        "response_format": {"type": "text"},
        "tool_choice": "auto",
    }


@pytest.mark.parametrize("nothing", [{"grammar": ""}, {"grammar": None}, {}])
def test_absent_grammar_leaves_vllms_own_field_alone(nothing: dict[str, Any]) -> None:
    own = {"structured_outputs": {"grammar": "start: /a+/"}}

    assert engine_fields(nothing | own) == own


@pytest.mark.parametrize("one_of", ["oneOf", "anyOf"])
def test_functions_become_the_schema_of_a_call_as_text(one_of: str) -> None:
    city = {"$ref": "#/$defs/city"}
    functions = {
        one_of: [function("weather", properties={"city": city, "days": {"type": "integer"}})],
        "$defs": {"city": {"enum": ["Rome", "Oslo"]}},
    }

    schema = schema_asked_for(functions)

    call = schema["anyOf"][0]
    assert schema["$defs"] == functions["$defs"]
    assert call["required"] == ["function", "arguments"]
    assert call["additionalProperties"] is False
    assert call["properties"]["function"] == {"const": "weather"}
    assert call["properties"]["arguments"] == {
        "type": "object",
        "properties": {"city": city, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": False,
    }


def test_functions_keep_what_their_arguments_say() -> None:
    stated = {"properties": {"a": {}}, "required": [], "additionalProperties": True}
    of_another = {"properties": {"function": {"const": "g"}, "arguments": {"$ref": "#/$defs/g"}}}
    functions = {"oneOf": [function("f", **stated), of_another], "$defs": {"g": {}}}

    first, second = (
        call["properties"]["arguments"] for call in schema_asked_for(functions)["anyOf"]
    )

    assert first == {"type": "object", **stated}
    assert second == {"$ref": "#/$defs/g"}


@pytest.mark.parametrize(
    ("fields", "other"),
    [
        ({"grammar": YES_OR_NO, "structured_outputs": {"regex": "x"}}, "structured_outputs"),
        ({"grammar": YES_OR_NO, "response_format": "json_object"}, "response_format"),
        ({"grammar": YES_OR_NO, "response_format": {"type": "json_schema"}}, "response_format"),
        ({"grammar": YES_OR_NO, "tool_choice": "required"}, "tool_choice"),
        ({"grammar_json_functions": {}, "grammar": YES_OR_NO}, "grammar"),
        ({"grammar_json_functions": {}, "structured_outputs": {}}, "structured_outputs"),
        ({"grammar_json_functions": {}, "response_format": "json_object"}, "response_format"),
        ({"grammar_json_functions": {}, "tools": [{"type": "function"}]}, "tools"),
    ],
)
def test_two_fields_for_the_form_of_an_answer_are_refused_by_both_names(
    fields: dict[str, Any], other: str
) -> None:
    with pytest.raises(InvalidRequestError, match="send one") as raised:
        engine_fields(fields)

    assert raised.value.param == next(iter(fields))
    assert f"'{other}'" in raised.value.message


@pytest.mark.parametrize(
    ("functions", "param", "says"),
    [
        ({}, "", "at least one function"),
        ({"oneOf": []}, "", "at least one function"),
        ({"oneOf": [function()], "anyOf": [function()]}, "", "send one"),
        ({"oneOf": {}}, ".oneOf", "list"),
        ({"anyOf": [{"type": "object"}]}, ".anyOf[0].properties", "Missing"),
        ({"anyOf": [{"type": "array"}]}, ".anyOf[0].type", "'array'"),
        (
            {"oneOf": [function(), {"properties": {"arguments": {}}}]},
            ".oneOf[1].properties.function",
            "Missing",
        ),
        ({"oneOf": [function("")]}, ".oneOf[0].properties.function.const", "at least 1"),
        ({"oneOf": [function(5)]}, ".oneOf[0].properties.function.const", "5"),
        (
            {"oneOf": [function(properties=[])]},
            ".oneOf[0].properties.arguments.properties",
            "an object",
        ),
        (
            {"oneOf": [function(properties={"city": 5})]},
            ".oneOf[0].properties.arguments.properties.city",
            "5",
        ),
        (
            {"oneOf": [function(properties={"city": {"type": "strong"}})]},
            ".oneOf[0].properties.arguments.properties.city.type",
            "'strong'",
        ),
        ({"oneOf": [function()], "$defs": []}, ".$defs", "an object"),
        (
            {"oneOf": [function(properties={"a": {"$ref": "#/$defs/b"}})], "$defs": {"a": {}}},
            "",
            "'#/$defs/b'",
        ),
        ({"oneOf": [function(properties={"a": {"items": [{"$ref": "x"}]}})]}, "", "'x'"),
    ],
)
def test_malformed_functions_are_refused_with_their_path(
    functions: dict[str, Any], param: str, says: str
) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        engine_fields({"grammar_json_functions": functions})

    assert raised.value.param == f"grammar_json_functions{param}"
    assert says in raised.value.message


def test_wrong_grammar_is_refused_by_name_line_and_column() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        engine_fields({"grammar": 'root ::= "a"\n  x ::= ['})

    assert raised.value.param == "grammar"
    assert (
        raised.value.message == "Invalid 'grammar': line 2, column 9: a '[' that is never closed."
    )
