"""Holds answers against the OpenAPI document, more strictly than clients: no field is unknown."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from jsonschema_rs import Draft202012Validator

from tests.support.openai_conformance import events

Fields = dict[str, Any]

METHODS = ("get", "post", "delete", "put", "patch")


class Document:
    """An OpenAPI document."""

    def __init__(self, document: Fields) -> None:
        self.whole = document
        self._components = copy.deepcopy(document["components"])
        for schema in self._components["schemas"].values():
            _close(schema)

    def operations(self) -> Iterator[tuple[str, str, Fields]]:
        """Yield method, path and operation."""
        for path, item in self.whole["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method, path, item[method]

    def examples(self, operation: Fields) -> Iterator[tuple[str, str, Any]]:
        """Yield media type, name and body of an operation's examples."""
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            for name, example in content.get("examples", {}).items():
                yield media_type, name, example["value"]

    def check_request(self, operation: Fields, media_type: str, body: Any) -> None:
        """Check that a body is what the operation takes."""
        content = operation["requestBody"]["content"][media_type]
        self._check(content["schema"], body)

    def check_answer(self, operation: Fields, status: int, content_type: str, body: bytes) -> None:
        """Check that an answer is declared, and that it is as declared."""
        assert str(status) in operation["responses"], (status, body[:500])
        answer = self._resolve(operation["responses"][str(status)])
        media_type = content_type.split(";")[0]
        assert media_type in answer.get("content", {}), (status, media_type)
        declared = answer["content"][media_type]
        if media_type == "application/json":
            self._check(declared["schema"], json.loads(body))
        elif media_type == "application/x-ndjson":
            for line in body.splitlines():
                self._check(declared["schema"], json.loads(line))
        elif media_type == "text/event-stream":
            for _, data in events(body.decode()):
                self._check_event(declared["schema"]["properties"]["data"], data)
        else:
            assert declared["schema"]["type"] == "string"

    def _check_event(self, schema: Fields, data: str) -> None:
        kinds = schema.get("anyOf", [schema])
        if any(kind.get("const") == data for kind in kinds):
            return
        (described,) = (kind["contentSchema"] for kind in kinds if "contentSchema" in kind)
        self._check(described, json.loads(data))

    def _check(self, schema: Fields, value: Any) -> None:
        whole = {**schema, "components": self._components}
        problems = [str(error) for error in Draft202012Validator(whole).iter_errors(value)]
        assert not problems, f"{problems[0][:1500]}\n{json.dumps(value)[:1500]}"

    def _resolve(self, answer: Fields) -> Fields:
        if "$ref" not in answer:
            return answer
        return self._components["responses"][answer["$ref"].rsplit("/", 1)[-1]]


def _close(schema: Any) -> None:
    """Let objects have no properties but those that are declared."""
    if isinstance(schema, list):
        for each in schema:
            _close(each)
    elif isinstance(schema, dict):
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
        for each in schema.values():
            _close(each)
