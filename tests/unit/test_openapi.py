"""The OpenAPI document is whole: every route, every field of the contract, every answer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from serve_app.openapi.document import build
from serve_app.openapi.operations import OPERATIONS, TAGS
from serve_app.routes import ROOT_ROUTERS, ROUTERS
from tests.support.openapi_document import Document


def _api() -> FastAPI:
    api = FastAPI(openapi_url=None)
    for router in ROUTERS:
        api.include_router(router, prefix="/v1")
    for router in ROOT_ROUTERS:
        api.include_router(router)
    return api


API = _api()
DOCUMENT = Document(build(API.routes, server_url="/", needs_key=True))
OPERATIONS_BY_ID: dict[str, tuple[str, dict[str, Any]]] = {
    operation["operationId"]: (path, operation) for _, path, operation in DOCUMENT.operations()
}
SCHEMAS = DOCUMENT.whole["components"]["schemas"]
FACTS = Path(__file__).parent / "localai_request_fields.json"

WITHOUT_KEY = {"/health", "/healthz", "/ping", "/readyz", "/generated-images/{name}"}

CONTRACT: dict[str, tuple[str, set[str], set[str]]] = {
    "/v1/chat/completions": (
        "ChatCompletion ChatCompletionChunk",
        set(json.loads(FACTS.read_text())) - {"prompt"},
        {"created", "id", "object", "model", "choices", "usage", "finish_reason", "index"}
        | {"message", "delta", "content", "role", "function_call", "tool_calls", "arguments"}
        | {"prompt_tokens", "completion_tokens", "total_tokens", "name", "type", "function"},
    ),
    "/v1/completions": (
        "Completion",
        set(json.loads(FACTS.read_text())) - {"messages", "tools", "tool_choice"},
        {"created", "id", "object", "model", "choices", "usage", "text", "finish_reason", "index"},
    ),
    "/v1/embeddings": (
        "CreateEmbeddingResponse",
        {"input", "model", "backend"},
        {"object", "data", "model", "usage", "embedding", "index"},
    ),
    "/v1/images/generations": (
        "ImagesResponse",
        {"prompt", "n", "size", "step", "mode", "clip_skip", "negative_prompt", "seed", "file"}
        | {"response_format", "model", "backend"},
        {"created", "id", "data", "url", "b64_json", "index"},
    ),
    "/v1/audio/transcriptions": ("Transcription", {"model", "file"}, {"text"}),
    "/v1/audio/speech": ("", {"model", "input", "voice", "backend"}, set()),
    "/v1/text-to-speech/{voice_id}": ("", {"model", "input", "voice", "backend"}, set()),
}
"""LocalAI's paths: the answers' types, the fields of the request and those of the answer."""


def every_property(name: str, seen: set[str] | None = None) -> set[str]:
    """Return the names of all properties of a component and of what it refers to."""
    seen = seen if seen is not None else set()
    if name in seen:
        return set()
    seen.add(name)
    text = json.dumps(SCHEMAS[name])
    found = set(SCHEMAS[name].get("properties", ()))
    for other in re.findall(r'"#/components/schemas/(\w+)"', text):
        found |= every_property(other, seen)
    return found


def resolve(schema: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def test_every_route_is_declared() -> None:
    declared = {operation.endpoint for operation in OPERATIONS}
    routes = [route for route in API.routes if isinstance(route, APIRoute)]
    listed = [route for route in routes if route.include_in_schema]

    assert [route.path for route in listed if route.endpoint not in declared] == []
    assert declared <= {route.endpoint for route in routes}


def test_document_is_valid_in_the_version_that_it_declares() -> None:
    validate(DOCUMENT.whole, cls=OpenAPIV31SpecValidator)

    assert DOCUMENT.whole["openapi"] == "3.1.0"


def test_patterns_are_those_of_ecma_262() -> None:
    patterns = re.findall(r'"pattern": ("(?:[^"\\\\]|\\\\.)*")', json.dumps(DOCUMENT.whole))

    assert patterns
    assert not [pattern for pattern in patterns if "(?i" in pattern or "(?P" in pattern]


def test_every_schema_is_used() -> None:
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(DOCUMENT.whole)))

    assert set(SCHEMAS) == used


def test_types_have_one_name_each() -> None:
    assert [name for name in SCHEMAS if not name.isidentifier() or "__" in name] == []


@pytest.mark.parametrize("name", OPERATIONS_BY_ID)
def test_operation_says_what_it_answers(name: str) -> None:
    path, operation = OPERATIONS_BY_ID[name]

    assert operation["summary"].endswith(".")
    assert set(operation["tags"]) <= set(TAGS)
    assert operation["responses"]["200"]["content"]
    assert "500" in operation["responses"]
    assert ("401" in operation["responses"]) is (path not in WITHOUT_KEY)
    assert bool(operation["security"]) is (path not in WITHOUT_KEY)
    if "422" in operation["responses"]:
        assert path.endswith("/rerank")


@pytest.mark.parametrize(
    "name", [n for n, (_, o) in OPERATIONS_BY_ID.items() if "requestBody" in o]
)
def test_examples_are_what_the_operation_takes(name: str) -> None:
    _, operation = OPERATIONS_BY_ID[name]
    examples = list(DOCUMENT.examples(operation))

    for media_type, _, body in examples:
        DOCUMENT.check_request(operation, media_type, body)
    assert examples


@pytest.mark.parametrize("path", CONTRACT)
def test_path_of_the_contract_has_its_fields(path: str) -> None:
    answers, asked, answered = CONTRACT[path]
    (body,) = DOCUMENT.whole["paths"][path]["post"]["requestBody"]["content"].values()

    assert asked - set(resolve(body["schema"])["properties"]) == set()
    assert answered - set().union(*map(every_property, answers.split())) == set()


def test_document_of_a_server_without_keys_asks_for_none() -> None:
    document = build(API.routes, server_url="https://ai.example.com", needs_key=False)

    assert "securitySchemes" not in document["components"]
    assert document["servers"] == [{"url": "https://ai.example.com"}]
    assert "security" not in document["paths"]["/v1/models"]["get"]
