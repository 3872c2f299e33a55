"""The OpenAPI document, built from FastAPI's routes and the operations declared for them."""

import inspect
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from serve_app import __version__
from serve_app.http.auth import is_public
from serve_app.http.error_answers import is_anthropic_path
from serve_app.openapi.errors import HEADERS, errors_of, id_headers, shared_errors
from serve_app.openapi.errors import TYPES as ERROR_TYPES
from serve_app.openapi.operation import FORM, JSON, Events, Lines, Operation
from serve_app.openapi.operations import OPERATIONS, TAGS
from serve_app.openapi.schemas import Schemas

Fields = dict[str, Any]

DESCRIPTION = """\
One endpoint for every model: OpenAI's API, and Anthropic's Messages, ElevenLabs' speech, Jina's
and Cohere's rerank and LocalAI's fields beside it. Paths that begin with `/v1` exist without it,
too.

`model` may be an id, an alias, or be left out: then the first model of the kind answers. Fields
that are not declared here are ignored, or go to the engine. A violated rule between fields is a
400. A method that a path does not have is a 405.
"""

SECURITY_SCHEMES: Fields = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "xi-api-key": {"type": "apiKey", "in": "header", "name": "xi-api-key"},
}
"""Where OpenAI's, Anthropic's and ElevenLabs' clients send a key."""


def build(routes: Sequence[BaseRoute], *, server_url: str, needs_key: bool) -> Fields:
    """Return the document. Building it takes a second."""
    listed = [route for route in routes if isinstance(route, APIRoute) and route.include_in_schema]
    declared = {operation.endpoint: operation for operation in OPERATIONS}
    schemas = _schemas(listed, declared.values())
    skeleton = get_openapi(title="Homeport", version=__version__, routes=listed)
    paths: dict[str, Fields] = {}
    names: set[str] = set()
    for route in listed:
        for method in sorted(route.methods - {"HEAD"}):
            known = skeleton["paths"][route.path_format][method.lower()]
            facts = declared.get(route.endpoint) or undeclared_operation(route)
            described = _Description(route, facts, schemas)
            operation = described.operation(known.get("parameters", ()), names, needs_key)
            paths.setdefault(route.path_format, {})[method.lower()] = operation
    schemes = {"securitySchemes": SECURITY_SCHEMES} if needs_key else {}
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "Homeport",
            "version": __version__,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": shared_errors(schemas),
            "headers": HEADERS,
            **schemes,
        },
    }
    return _without_unused(document)


def undeclared_operation(route: APIRoute) -> Operation:
    """Return the operation of a route that is not declared, which a test forbids."""
    return Operation(endpoint=route.endpoint, tag="server", answers={})


def _schemas(routes: Iterable[APIRoute], operations: Iterable[Operation]) -> Schemas:
    requests = [wire for route in routes if (wire := _json_body(route)) is not None]
    answers: list[Any] = [*ERROR_TYPES]
    for operation in operations:
        requests += [operation.form.wire] if operation.form else []
        requests += [operation.json_body] if operation.json_body else []
        for content in (operation.answers, *(each for _, each in operation.other.values())):
            answers += [_item(kind) for kind in content.values() if kind not in (bytes, str)]
    return Schemas(requests, answers)


def _json_body(route: APIRoute) -> Any:
    return route.body_field.field_info.annotation if route.body_field else None


def _item(kind: Any) -> Any:
    if isinstance(kind, Events):
        return kind.data
    return kind.item if isinstance(kind, Lines) else kind


class _Description:
    """Describes one route by its declared operation."""

    def __init__(self, route: APIRoute, declared: Operation, schemas: Schemas) -> None:
        self._route = route
        self._declared = declared
        self._schemas = schemas
        self._path = route.path_format
        self._anthropics = is_anthropic_path(self._path)

    def operation(self, parameters: Iterable[Fields], names: set[str], needs_key: bool) -> Fields:
        """Return the operation; its id is not in ``names`` yet."""
        text = inspect.cleandoc(self._route.endpoint.__doc__ or "").replace("``", "`")
        summary, _, more = text.partition("\n\n")
        body = self._body()
        parameters = [self._parameter(each) for each in parameters]
        described: Fields = {
            "tags": [self._declared.tag],
            "summary": " ".join(summary.split()),
            "operationId": self._id(names),
        }
        if more:
            described["description"] = more
        if parameters:
            described["parameters"] = parameters
        if body:
            described["requestBody"] = {"required": True, "content": body}
        described["responses"] = self._answers(
            has_body=bool(body), has_query=any(each["in"] == "query" for each in parameters)
        )
        if needs_key:
            public = is_public(self._path)
            described["security"] = [] if public else [{name: []} for name in SECURITY_SCHEMES]
        return described

    def _id(self, names: set[str]) -> str:
        name = self._declared.name or self._route.endpoint.__name__
        if name in names:
            name += "_" + self._path.rsplit("/", 1)[-1].strip("{}").replace("-", "_")
        names.add(name)
        return name

    def _parameter(self, given: Fields) -> Fields:
        schema = {name: each for name, each in given["schema"].items() if name != "title"}
        known = self._declared.parameters
        example = {"example": known[given["name"]]} if given["name"] in known else {}
        return {**given, "schema": schema, **example}

    def _body(self) -> Fields:
        declared = self._declared
        content: Fields = {}
        wire = declared.json_body or _json_body(self._route)
        if wire is not None:
            content[JSON] = {"schema": self._schemas.of(wire, "validation")}
        if declared.form is not None:
            content[FORM] = {"schema": self._schemas.form(declared.form)}
        examples = {name: {"value": body} for name, body in declared.examples.items()}
        if examples:
            content[FORM if declared.form else JSON]["examples"] = examples
        return content

    def _answers(self, *, has_body: bool, has_query: bool) -> Fields:
        declared = self._declared
        answers = errors_of(declared, self._path, has_body=has_body, has_query=has_query)
        if is_public(self._path):
            del answers["401"]
        headers = id_headers(anthropics=self._anthropics)
        answers["200"] = {
            "description": "The answer.",
            "headers": headers,
            "content": self._content(declared.answers),
        }
        for status, (meaning, content) in declared.other.items():
            answers[str(status)] = {
                "description": meaning,
                "headers": headers,
                **({"content": self._content(content)} if content else {}),
            }
        return dict(sorted(answers.items()))

    def _content(self, kinds: Any) -> Fields:
        return {media_type: self._media(kind) for media_type, kind in kinds.items()}

    def _media(self, kind: Any) -> Fields:
        """Return the content of an answer.

        The schema of a stream describes an item, as before OpenAPI 3.2 and its ``itemSchema``,
        which most tools cannot read.
        """
        if kind is bytes:
            return {"schema": {"type": "string", "format": "binary"}}
        if kind is str:
            return {"schema": {"type": "string"}}
        if isinstance(kind, Lines):
            return {"schema": self._schemas.of(kind.item)}
        if isinstance(kind, Events):
            return {"schema": self._event(kind)}
        return {"schema": self._schemas.of(kind)}

    def _event(self, events: Events) -> Fields:
        """Return the schema of one event."""
        error = ERROR_TYPES[1] if self._anthropics else ERROR_TYPES[0]
        kinds = [self._schemas.of(events.data), self._schemas.of(error)]
        data: Fields = {"contentMediaType": JSON, "contentSchema": {"anyOf": kinds}}
        if events.ends_with_done:
            data = {"anyOf": [{"const": "[DONE]"}, data]}
        return {
            "type": "object",
            "required": ["data"],
            "properties": {"event": {"type": "string"}, "data": {"type": "string", **data}},
        }


def _without_unused(document: Fields) -> Fields:
    """Return the document without schemas to which nothing refers, such as those of forms."""
    schemas: Fields = document["components"]["schemas"]
    used = set[str]()
    queue = [json.dumps({**document, "components": {**document["components"], "schemas": {}}})]
    while queue:
        names = set(re.findall(r'"#/components/schemas/([^"]+)"', queue.pop())) - used
        used |= names
        queue += [json.dumps(schemas[name]) for name in names]
    kept = {name: schema for name, schema in schemas.items() if name in used}
    return {**document, "components": {**document["components"], "schemas": kept}}
