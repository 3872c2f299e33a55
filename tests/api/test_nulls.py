"""Null in an optional member of a body is the same as leaving it out, at every depth."""

import copy
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest

from serve_app.config import ModerationConfig
from serve_app.openapi.document import build
from serve_app.routes import build_routes
from tests.api.answering import AnsweringModel, answering_registry
from tests.support.application import create_test_api
from tests.support.openapi_document import Document
from tests.support.scripted_model import connect

DOCUMENT = Document(build(build_routes(), server_url="/", needs_key=False))
SCHEMAS: dict[str, Any] = DOCUMENT.whole["components"]["schemas"]
JSON = "application/json"

BODIES: dict[str, tuple[str, str, Any, Any]] = {
    f"{method} {path} {name}": (
        method,
        path,
        operation["requestBody"]["content"][JSON]["schema"],
        body,
    )
    for method, path, operation in DOCUMENT.operations()
    for media_type, name, body in DOCUMENT.examples(operation)
    if media_type == JSON and not body.get("background")  # a job calls its model later
}
"""The examples of every operation that takes JSON, with the schemas of their bodies."""

PASSED_ON = {
    ("/v1/responses", ("tools", 0, "description")),
    ("/v1/responses", ("tools", 0, "strict")),
}
"""Members that reach vLLM as null, which its type of a tool has as their default."""

Place = tuple[str | int, ...]


def alternatives(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas that a value may have, without references."""
    if "$ref" in schema:
        yield from alternatives(SCHEMAS[schema["$ref"].rsplit("/", 1)[-1]])
    for name in ("anyOf", "oneOf"):
        for each in schema.get(name, ()):
            yield from alternatives(each)
    yield schema


def optional_members(schema: dict[str, Any], value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the places of members that a value may have or has, and that are not required."""
    for each in alternatives(schema):
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from optional_members(each.get("items", {}), item, (*place, index))
        if not isinstance(value, dict) or not each.get("properties"):
            continue
        constants = {n: p["const"] for n, p in each["properties"].items() if "const" in p}
        if any(value.get(name) not in (None, constant) for name, constant in constants.items()):
            continue  # another member of a union
        for name, member in each["properties"].items():
            if name not in each.get("required", ()):
                yield (*place, name)
            if name in value:
                yield from optional_members(member, value[name], (*place, name))


def changed(body: Any, place: Place, *, is_null: bool) -> Any:
    """Return a body whose member at a place is null, or absent."""
    made = copy.deepcopy(body)
    within = made
    for part in place[:-1]:
        within = within[part]
    within[place[-1]] = None
    if not is_null:
        del within[place[-1]]
    return made


DIFFERENT = ("id", "request_id", "created_at")
"""Members of a call's body that differ between two requests."""


def without_ids(value: Any) -> Any:
    """Return a call's body without them."""
    if isinstance(value, list):
        return [without_ids(each) for each in value]
    if isinstance(value, dict):
        return {n: without_ids(v) for n, v in value.items() if n not in DIFFERENT}
    return value


@pytest.fixture
async def server() -> AsyncIterator[tuple[httpx2.AsyncClient, AnsweringModel]]:
    registry, model = answering_registry()
    api = create_test_api(registry, moderation=ModerationConfig(model="small"))
    async with api.router.lifespan_context(api), connect(api) as client:
        yield client, model


@pytest.mark.parametrize("name", BODIES)
async def test_null_is_absent(server: tuple[httpx2.AsyncClient, AnsweringModel], name: str) -> None:
    http, model = server
    method, path, schema, example = BODIES[name]

    async def send(body: Any) -> tuple[Any, ...]:
        model.calls.clear()
        answer = await http.request(method, path, json=body)
        error = answer.json()["error"] if answer.status_code >= 400 else None
        calls = [(call.operation, without_ids(json.loads(call.body))) for call in model.calls]
        return answer.status_code, error, calls

    different = dict[Place, Any]()
    for place in sorted(set(optional_members(schema, example)), key=str):
        null = await send(changed(example, place, is_null=True))
        absent = await send(changed(example, place, is_null=False))
        if null != absent and (path, place) not in PASSED_ON:
            different[place] = (null, absent)

    assert not different
