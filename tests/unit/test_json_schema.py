"""JSON schemas become equivalents that are enforced, or errors with keyword and path."""

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter

from wire.errors import InvalidRequestError
from wire.fields import engine_fields
from wire.json_schema.compiler import compile_schema
from wire.json_schema.keywords import KEYWORDS, SchemaError, write_path

PAGE = Path(__file__).parents[2] / "docs" / "api" / "json-schema.md"
INTEGER: Any = {"type": "integer"}
NULL: Any = {"type": "null"}


def test_every_keyword_is_in_the_table_of_the_docs() -> None:
    fates = {"limited": "enforced, with limits"}
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \| (.*?) ?\|$", PAGE.read_text(), re.MULTILINE)

    assert rows == [
        (keyword, fates.get(fate, fate), note) for keyword, (_, fate, note) in KEYWORDS.items()
    ]


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"allOf": [INTEGER, {"maximum": 9}]}, {"type": "integer", "maximum": 9}),
        ({"allOf": [INTEGER], "minimum": 2.5}, {"type": "integer", "minimum": 3}),
        ({"type": "integer", "exclusiveMinimum": 2}, {"type": "integer", "minimum": 3}),
        (
            {"type": "integer", "minimum": 2, "exclusiveMinimum": True},
            {"type": "integer", "minimum": 3},
        ),
        ({"$ref": "#/$defs/x~1y", "$defs": {"x/y": INTEGER}}, INTEGER),
        ({"$ref": "#/$defs/a%20b", "maximum": 3, "$defs": {"a b": INTEGER}},
         {"type": "integer", "maximum": 3}),
        ({"$ref": "#/definitions/a", "definitions": {"a": INTEGER}}, INTEGER),
        ({"$ref": "#a", "$defs": {"x": {"$anchor": "a", "type": "null"}}}, NULL),
        ({"$id": "http://x/y", "$ref": "http://x/y#/$defs/a", "$defs": {"a": NULL}}, NULL),
        ({"type": ["integer", "null"]}, {"anyOf": [NULL, INTEGER]}),
        ({"type": "integer", "nullable": True}, {"anyOf": [NULL, INTEGER]}),
        ({"type": "integer", "enum": [1, "a", 2.0]}, {"enum": [1, 2.0]}),
        ({"const": 3, "enum": [1, 3]}, {"enum": [3]}),
        ({"enum": ["ab", "c"], "pattern": "b$"}, {"enum": ["ab"]}),
        ({"type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 4}, {"enum": [4, 8]}),
        ({"type": "number", "multipleOf": 1}, INTEGER),
        ({"type": "string", "pattern": "^[a-z]+$", "maxLength": 9},
         {"type": "string", "pattern": "^(?:[a-z]){1,9}$"}),
        ({"type": "string", "pattern": "^\"\\.$"},
         {"type": "string", "pattern": '^\\\\"[\\u{2e}]$'}),
        ({"type": "string", "format": "int32"}, {"type": "string"}),
        ({"type": "array", "items": [INTEGER], "additionalItems": False},
         {"type": "array", "prefixItems": [INTEGER], "items": False, "maxItems": 1}),
        ({"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "minItems": 2},
         {"enum": [[False, True], [True, False]]}),
        ({"type": "object", "properties": {"a": False, "b": INTEGER}},
         {"type": "object", "properties": {"b": INTEGER}, "additionalProperties": False}),
        ({"type": "object", "required": ["a"]},
         {"type": "object", "properties": {"a": {}}, "required": ["a"],
          "additionalProperties": False}),
        ({"type": "object", "propertyNames": {"enum": ["a"]}, "additionalProperties": INTEGER},
         {"type": "object", "properties": {"a": INTEGER}, "additionalProperties": False}),
        ({"oneOf": [INTEGER, NULL]}, {"anyOf": [INTEGER, NULL]}),
        ({"enum": [1, 2, "a"], "not": {"const": 2}}, {"enum": [1, "a"]}),
        ({"enum": [1, 9], "if": {"minimum": 5}, "then": False}, {"enum": [1]}),
        ({"title": "t", "description": "d", "default": 0, "x-mine": 1, **NULL}, NULL),
        (True, {}),
    ],
)  # fmt: skip
def test_schema_is_written_with_what_is_enforced(schema: Any, written: Any) -> None:
    assert compile_schema(schema) == written


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog", "puppy"]
    tricks: list[str]


class Nothing(BaseModel):
    kind: None


def test_alternatives_that_a_property_tells_apart_are_one_of_them() -> None:
    pets = TypeAdapter(list[Annotated[Cat | Dog, Field(discriminator="kind")] | Nothing])

    schema: Any = compile_schema(pets.json_schema())

    kinds = [each["properties"]["kind"].get("enum", [None]) for each in schema["items"]["anyOf"]]
    assert kinds == [["cat"], ["dog", "puppy"], [None]]


@pytest.mark.parametrize(
    ("kind", "other"),
    [
        ({"const": 1}, {"const": 2}),
        ({"const": 1}, {"const": True}),
        ({"type": "string"}, {"type": "integer"}),
        ({"$ref": "#/$defs/one"}, {"$ref": "#/$defs/two"}),
    ],
)
def test_kinds_may_differ_by_type_and_by_reference(kind: Any, other: Any) -> None:
    def make(kind: Any) -> dict[str, Any]:
        return {"type": "object", "properties": {"kind": kind}, "required": ["kind"]}

    definitions = {"one": {"enum": [1, 2]}, "two": {"$ref": "#/$defs/three"}, "three": {"const": 3}}

    schema: Any = compile_schema({"oneOf": [make(kind), make(other)], "$defs": definitions})

    assert len(schema["anyOf"]) == 2


def test_recursive_schema_keeps_its_references() -> None:
    schema = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#"}, NULL]}},
        "required": ["next"],
    }

    written: Any = compile_schema(schema)

    ((name, definition),) = written["$defs"].items()
    assert written["properties"] == {"next": {"$ref": f"#/$defs/{name}"}}
    assert definition["anyOf"][0]["properties"] == {"next": {"$ref": f"#/$defs/{name}"}}
    assert definition["anyOf"][1] == NULL


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"type": "strin"}, "type"),
        ({"type": []}, "type"),
        ({"enum": []}, "enum"),
        ({"anyOf": []}, "anyOf"),
        ({"minLength": -1}, "minLength"),
        ({"properties": []}, "properties"),
        ({"$defs": {"unused": {"type": 5}}}, "$defs.unused.type"),
        ({"type": "integer", "minimum": 5, "maximum": 3}, "minimum"),
        ({"type": "string", "minLength": 5, "maxLength": 3}, "minLength"),
        ({"type": "array", "minItems": 5, "maxItems": 3}, "minItems"),
        ({"type": "integer", "multipleOf": 7}, "multipleOf"),
        ({"type": "array", "contains": INTEGER}, "contains"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"oneOf": [INTEGER, {"type": "number"}]}, "oneOf"),
        ({"type": "string", "not": {"pattern": "a"}}, "not.pattern"),
        ({"type": "string", "not": {"const": "a"}}, "not"),
        ({"type": "string", "format": "regex"}, "format"),
        ({"type": "string", "pattern": r"^\p{L}$"}, "pattern"),
        ({"type": "string", "pattern": r"\bx"}, "pattern"),
        ({"type": "string", "pattern": "(?=a)"}, "pattern"),
        ({"type": "string", "pattern": "("}, "pattern"),
        ({"type": "string", "pattern": "a{5000}b{5000}"}, "pattern"),
        ({"type": "string", "allOf": [{"pattern": "a"}, {"pattern": "b"}]}, "allOf[1].pattern"),
        ({"type": "object", "patternProperties": {"[": {}}}, "patternProperties.["),
        ({"type": "object", "minProperties": 2}, "minProperties"),
        ({"type": "object", "properties": {"a": False}, "additionalProperties": True},
         "additionalProperties"),
        ({"$dynamicRef": "#a"}, "$dynamicRef"),
        ({"$ref": "#/nowhere"}, "$ref"),
        ({"$ref": "http://elsewhere/"}, "$ref"),
        ({"$ref": "#"}, "$ref"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}]}}},
         "$defs.a.allOf[0].$ref"),
        ({"anyOf": [INTEGER, {"$ref": "#"}]}, "anyOf[1].$ref"),
        ({"type": "string", "const": 5}, "const"),
        ({"type": "object", "properties": {"a": False}, "required": ["a"]}, "properties"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
         "properties.a.$ref"),
    ],
)  # fmt: skip
def test_schema_that_cannot_be_enforced_is_refused_by_keyword_and_path(
    schema: Any, path: str
) -> None:
    with pytest.raises(SchemaError) as raised:
        compile_schema(schema)

    assert write_path(raised.value.path) == path


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"anyOf": [{"minimum": i}, {"maximum": i}]} for i in range(30)]},
        {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(5000)}},
        {"allOf": [{"properties": {f"p{i}": INTEGER}} for i in range(5000)]},
        {"anyOf": [{"const": i} for i in range(5000)]},
        {"oneOf": [{"properties": {"a": {"const": i}}, "required": ["a"]} for i in range(500)]},
        {"enum": ["a" * 1000] * 100, "pattern": "^(?:a|b){0,900}$"},
        {"$defs": {str(i): {"$ref": f"#/$defs/{i + 1}"} for i in range(900)}, "$ref": "#/$defs/0"},
        {"oneOf": [True] * 900},
        {"oneOf": [False] * 3000},
        {"properties": {f"p{i}": True for i in range(5000)}},
        {"enum": list(range(20_000))},
        {"const": [[list(range(1000))] * 20]},
        {"required": [f"p{i}" for i in range(20_000)]},
        {
            "properties": {f"p{i}": INTEGER for i in range(500)},
            "allOf": [{"anyOf": [{"required": ["p1"]}] * 70}] * 2,
        },
        {"pattern": "{" * 50_000},
    ],
)
def test_schema_that_takes_too_long_is_refused(schema: Any) -> None:
    with pytest.raises(SchemaError):
        compile_schema(schema)


@pytest.mark.parametrize("pattern", ["^(a|aa)*$", "^((a*)*b?)*$", "a{2,}"])
def test_long_value_is_compared_with_a_pattern_in_linear_time(pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern, "enum": ["a" * 1000, "c"]}

    assert compile_schema(schema) == {"enum": ["a" * 1000]}


def test_whole_numbers_have_any_size() -> None:
    assert compile_schema({"const": 10**400}) == {"enum": [10**400]}
    with pytest.raises(SchemaError):
        compile_schema({"type": "string", "minLength": 10**400})


@pytest.mark.parametrize("digits", ["-5", "1_0", "", " 41"])
def test_code_of_a_character_is_hexadecimal(digits: str) -> None:
    with pytest.raises(SchemaError, match="without its digits"):
        compile_schema({"pattern": rf"\u{{{digits}}}"})


def test_large_schema_of_a_request_is_refused() -> None:
    schema = {"type": "object", "description": "a" * 1_000_000}

    with pytest.raises(InvalidRequestError, match="bytes"):
        engine_fields({"guided_json": schema})


SCHEMA = {"type": "object", "properties": {"v": {"type": "integer", "multipleOf": 7}}}
GOOD = {"type": "integer"}


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}}},
            "response_format.json_schema.schema.properties.v.multipleOf",
        ),
        (
            {"response_format": {"type": "json_object", "schema": SCHEMA}},
            "response_format.schema.properties.v.multipleOf",
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}},
            "response_format.json_schema.schema",
        ),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
        (
            {"response_format": {"type": "structural_tag", "triggers": ["<"], "structures": [
                {"begin": "<a>", "schema": SCHEMA, "end": "</a>"}]}},
            "response_format.structures[0].schema.properties.v.multipleOf",
        ),
        ({"structured_outputs": {"json": SCHEMA}},
         "structured_outputs.json.properties.v.multipleOf"),
        ({"structured_outputs": {"regex": r"\bx"}}, "structured_outputs.regex"),
        ({"structured_outputs": {"regex": r"a[^\s\S]"}}, "structured_outputs.regex"),
        ({"structured_outputs": {}}, "structured_outputs"),
        ({"structured_outputs": {"foo": 1, "json": None}}, "structured_outputs"),
        ({"structured_outputs": {"choice": []}}, "structured_outputs.choice"),
        ({"guided_json": SCHEMA}, "guided_json.properties.v.multipleOf"),
        ({"guided_json": "{"}, "guided_json"),
        ({"guided_regex": "(?!a)"}, "guided_regex"),
        ({"guided_choice": ["a", 5]}, "guided_choice"),
        ({"json_schema": SCHEMA}, "json_schema.properties.v.multipleOf"),
        (
            {"grammar_json_functions": {"oneOf": [{"properties": {
                "function": {"const": "f"}, "arguments": SCHEMA}}]}},
            "grammar_json_functions.oneOf[0].properties.arguments.properties.v.multipleOf",
        ),
    ],
)  # fmt: skip
def test_request_is_refused_by_the_path_of_the_keyword(fields: Any, path: str) -> None:
    with pytest.raises(InvalidRequestError) as raised:
        engine_fields(fields)

    assert raised.value.param == path
    assert f"'{path}'" in raised.value.message


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("guided_json", GOOD, "json"),
        ("guided_json", '{"type": "integer"}', "json"),
        ("guided_json_object", True, "json_object"),
        ("guided_regex", "[ab]", "regex"),
        ("guided_choice", ["a", "b"], "choice"),
        ("guided_grammar", "start: /a/", "grammar"),
        ("json_schema", GOOD, "json"),
    ],
)
def test_other_spellings_become_structured_outputs(name: str, value: Any, kind: str) -> None:
    assert engine_fields({name: value}) == {"structured_outputs": {kind: value}}


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_schema_beside_the_type_becomes_a_named_one(kind: str) -> None:
    fields = engine_fields({"response_format": {"type": kind, "schema": GOOD}})

    assert fields["response_format"]["type"] == "json_schema"
    assert fields["response_format"]["json_schema"]["schema"] == GOOD


def test_the_same_form_in_two_spellings_is_accepted() -> None:
    named = {"type": "json_schema", "json_schema": {"name": "x", "schema": GOOD}}

    fields = engine_fields({"guided_json": GOOD, "response_format": named})

    assert fields == {"structured_outputs": {"json": GOOD}}


@pytest.mark.parametrize(
    ("fields", "other"),
    [
        ({"guided_json": GOOD, "guided_regex": "a"}, "guided_regex"),
        ({"guided_choice": ["a"], "response_format": {"type": "json_object"}}, "response_format"),
        ({"json_schema": GOOD, "structured_outputs": {"json": {}}}, "structured_outputs"),
        ({"guided_regex": "a", "tool_choice": "required"}, "tool_choice"),
        ({"grammar": 'root ::= "a"', "guided_regex": "a"}, "guided_regex"),
        (
            {"structured_outputs": {"regex": "a"}, "response_format": {"type": "json_object"}},
            "response_format",
        ),
    ],
)
def test_two_forms_that_differ_are_refused_by_both_names(fields: Any, other: str) -> None:
    with pytest.raises(InvalidRequestError, match="send one") as raised:
        engine_fields(fields)

    assert raised.value.param == next(iter(fields))
    assert f"'{other}'" in raised.value.message
