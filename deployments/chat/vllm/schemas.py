# pyright: standard
"""Writes the JSON schemas of structured outputs anew, as the grammar library enforces them.

The ingress has refused what cannot be enforced. A request's tools are in the prompt as they were
sent: only here are they a constraint.
"""

import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from vllm.exceptions import VLLMValidationError
from vllm.sampling_params import StructuredOutputsParams, check_json_nesting

from wire.json_schema.compiler import compile_schema
from wire.json_schema.keywords import SchemaError, write_path


def compile_schemas(outputs: StructuredOutputsParams) -> StructuredOutputsParams:
    """Return the same with schemas that are enforced.

    Raises:
        VLLMValidationError: a schema cannot be enforced.
    """
    if outputs.json is not None:
        check_json_nesting(outputs.json)
        text = outputs.json if isinstance(outputs.json, str) else json.dumps(outputs.json)
        return replace(outputs, json=json.loads(_compile(text)))
    if outputs.structural_tag is not None:
        check_json_nesting(outputs.structural_tag, structural_tag=True)
        tag = _with_schemas(json.loads(outputs.structural_tag))
        return replace(outputs, structural_tag=json.dumps(tag))
    return outputs


def _with_schemas(part: Any) -> Any:
    if isinstance(part, list):
        return [_with_schemas(each) for each in part]
    if not isinstance(part, dict):
        return part
    name = "json_schema" if part.get("type") == "json_schema" else "schema"
    return {
        key: json.loads(_compile(json.dumps(value))) if key == name else _with_schemas(value)
        for key, value in part.items()
    }


@lru_cache(maxsize=256)
def _compile(schema: str) -> str:
    try:
        return json.dumps(compile_schema(json.loads(schema)))
    except SchemaError as error:
        place = write_path(("schema", *error.path))
        raise VLLMValidationError(f"The JSON schema's '{place}' {error.reason}.") from error
