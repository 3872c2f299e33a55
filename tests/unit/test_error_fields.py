import json
from typing import Any

import pytest

from deployments.chat.error_fields import field_of_error

SCHEMA = {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}}
TEXT = {"response_format": {"type": "text"}}
SCHEMA_OF_MESSAGE = {"format": {"type": "json_schema", "schema": {}}}
CALLS = {"structured_outputs": {"structural_tag": '{"title": "grammar_json_functions"}'}}
CHOICE = {"structured_outputs": {"choice": []}}


def test_error_about_the_prompt_names_the_field_that_has_it() -> None:
    error = "Token id 1000000000 is out of vocabulary"

    assert field_of_error(error, b'{"prompt": [1000000000]}', "prompt") == "prompt"


@pytest.mark.parametrize(
    ("message", "asked", "field"),
    [
        ("Invalid grammar specification.", CHOICE, "structured_outputs"),
        ("Choice '[]' cannot be an empty list", CHOICE, "structured_outputs"),
        ("Invalid grammar specification.", CALLS, "grammar_json_functions"),
        ("You must use one kind", {"structured_outputs": {}}, None),
        ("Failed to transform json schema", SCHEMA, "response_format"),
        ("Failed to transform json schema", CHOICE | SCHEMA, "response_format"),
        ("Invalid JSON schema", {"text": {"format": {"type": "json_schema"}}}, "text.format"),
        ("Invalid JSON schema", {"text": {"format": {"type": "text"}}}, None),
        ("Invalid JSON schema", {"output_config": SCHEMA_OF_MESSAGE}, "output_config.format"),
        ("Invalid JSON schema", CHOICE | TEXT, "structured_outputs"),
        ("Invalid JSON schema", {"response_format": None}, None),
        ("temperature must be at least 0", CHOICE, None),
        ("stop cannot contain an empty string.", {"stop": [""]}, "stop"),
        ("`min_tokens` must be at least 0", {"min_tokens": -1} | CHOICE, "min_tokens"),
        ("", {"stop": [""]}, None),
    ],
)
def test_error_of_vllms_names_the_field_that_asked(
    message: str, asked: dict[str, Any], field: str | None
) -> None:
    assert field_of_error(message, json.dumps(asked).encode()) == field
