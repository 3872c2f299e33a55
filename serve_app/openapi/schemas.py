"""JSON schemas of request and answer types, each under one name."""

from collections.abc import Iterable
from typing import Any, Literal, cast

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from serve_app.openapi.operation import Form
from serve_app.openapi.requests import MORE, RULES, Schema, refinements
from wire.answers import SparseAnswer

PLACE = "#/components/schemas/"

Mode = Literal["validation", "serialization"]


class _Generator(GenerateJsonSchema):
    """Omits titles, which repeat names, and defaults that only mean 'absent'."""

    _model: type = object

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        outer, self._model = self._model, schema["cls"]
        try:
            return super().model_schema(schema)
        finally:
            self._model = outer

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Require the fields of an answer that are always in it, also those with a default."""
        if self.mode == "validation":
            return super().field_is_required(field, total)
        if "serialization_exclude_if" in field:
            return False
        default = field["schema"].get("default", ...)
        return default is not None or not issubclass(self._model, SparseAnswer)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        if self.mode == "serialization" or described.get("default", ...) is None:
            described.pop("default", None)
        return described


class Schemas:
    """The schemas of all types of a document."""

    def __init__(self, requests: Iterable[Any], answers: Iterable[Any]) -> None:
        given = {*requests, *MORE}
        refined = {wire for wire in given if isinstance(wire, type)}
        self._more = {wire: dict(refinements(wire)) for wire in refined}
        inputs = [
            *given,
            *(
                kind
                for fields in self._more.values()
                for kind in fields.values()
                if not isinstance(kind, dict)
            ),
        ]
        self._kinds: list[tuple[Mode, Any]] = [
            *(("validation", kind) for kind in inputs),
            *(("serialization", kind) for kind in answers),
        ]
        made, whole = TypeAdapter.json_schemas(
            [(str(n), mode, TypeAdapter(kind)) for n, (mode, kind) in enumerate(self._kinds)],
            ref_template=PLACE + "{model}",
            schema_generator=_Generator,
        )
        self._made = {int(n): schema for (n, _), schema in cast("dict[Any, Schema]", made).items()}
        self.components: dict[str, Schema] = whole["$defs"]
        for wire in refined:
            self._refine(wire)
        for schema in self.components.values():
            _tidy(schema)

    def of(self, kind: Any, mode: Mode = "serialization") -> Schema:
        """Return the schema of a type, which for a class is a reference."""
        known = next(n for n, (m, k) in enumerate(self._kinds) if m == mode and k is kind)
        return self._made[known]

    def form(self, form: Form) -> Schema:
        """Return the schema of a form: nothing in it is null, and its files are binary."""
        fields = self.component(form.wire)
        properties = {name: _not_null(each) for name, each in fields["properties"].items()}
        file: Schema = {"type": "string", "format": "binary"}
        files: Schema = {"anyOf": [file, {"type": "array", "items": file}]}
        binary = {name: files if name in form.several else file for name in form.files}
        required = [*(n for n, needed in form.files.items() if needed), *fields.get("required", ())]
        schema = {"type": "object", "properties": {**binary, **properties}}
        return {**schema, "required": required} if required else schema

    def component(self, wire: type) -> Schema:
        """Return the schema of a request's type itself."""
        return self.components[self.of(wire, "validation")["$ref"].removeprefix(PLACE)]

    def _refine(self, wire: type) -> None:
        component = self.component(wire)
        properties = component.setdefault("properties", {})
        for name, refinement in self._more[wire].items():
            is_schema = isinstance(refinement, dict)
            properties[name] = refinement if is_schema else self.of(refinement, "validation")
        if wire in RULES:
            component.pop("required", None)
            component.update(RULES[wire])


def _not_null(schema: Schema) -> Schema:
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    if isinstance(rest.get("type"), list):
        rest["type"] = next(kind for kind in rest["type"] if kind != "null")
    if len(kinds) == 1:
        return {**kinds[0], **rest}
    return {**rest, "anyOf": kinds} if kinds else rest


def _tidy(schema: Schema) -> None:
    """Write descriptions in Markdown, and remove the title, which repeats the name."""
    schema.pop("title", None)
    if isinstance(text := schema.get("description"), str):
        schema["description"] = text.replace("``", "`")
