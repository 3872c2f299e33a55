# pyright: standard
"""Refuses JSON schemas that the engine's grammar library would not enforce."""

import json
from collections.abc import Iterator
from typing import Any

from vllm.exceptions import VLLMValidationError
from vllm.sampling_params import StructuredOutputsParams, check_json_nesting
from vllm.v1.structured_output.backend_xgrammar import has_xgrammar_unsupported_json_features

DESCRIPTIVE = {"type", "properties", "items", "title", "description"}
"""Keywords that are never the unsupported part themselves."""


def check_schema(structured: StructuredOutputsParams) -> None:
    """Check that a request's schema can be enforced.

    Raises:
        VLLMValidationError: has the path of the part that cannot, and its keywords.
    """
    if structured.json is None:
        return
    check_json_nesting(structured.json)
    try:
        schema = (
            json.loads(structured.json) if isinstance(structured.json, str) else structured.json
        )
    except ValueError:
        return  # vLLM reports it
    if not has_xgrammar_unsupported_json_features(schema):
        return
    path, part = _find_unsupported(schema)
    keywords = ", ".join(f"'{name}'" for name in _keywords(part))
    raise VLLMValidationError(
        f"The JSON schema cannot be enforced: unsupported {keywords} at '{path}'."
    )


def _find_unsupported(schema: dict[str, Any], path: str = "$") -> tuple[str, dict[str, Any]]:
    """Return the innermost part that is not supported."""
    for name, part in _parts(schema):
        if has_xgrammar_unsupported_json_features(part):
            return _find_unsupported(part, f"{path}.{name}")
    return path, schema


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, value in schema.items():
        if isinstance(value, dict):
            yield name, value
        elif isinstance(value, list):
            yield from (
                (f"{name}.{i}", each) for i, each in enumerate(value) if isinstance(each, dict)
            )


def _keywords(schema: dict[str, Any]) -> list[str]:
    """Return the keywords without one of which the schema would be supported, or all of them."""
    candidates = [name for name in schema if name not in DESCRIPTIVE]
    return [
        name
        for name in candidates
        if not has_xgrammar_unsupported_json_features(
            {key: value for key, value in schema.items() if key != name}
        )
    ] or candidates
