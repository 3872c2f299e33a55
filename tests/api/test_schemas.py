"""A schema that cannot be enforced is refused by its path in every API, and no model is called."""

from typing import Any

import httpx2
import pytest

from tests.api.errors import assert_openai_error
from tests.support.scripted_model import ScriptedModel

MULTIPLE: Any = {
    "type": "object",
    "properties": {"v": {"type": "integer", "multipleOf": 7}},
    "required": ["v"],
}
CYCLE: Any = {"$ref": "#"}
MISSPELLED: Any = {"type": "object", "properties": {"v": {"type": "strin"}}}
SCHEMAS = [
    (MULTIPLE, "properties.v.multipleOf"),
    (CYCLE, "$ref"),
    (MISSPELLED, "properties.v.type"),
]
CHAT: Any = {"messages": [{"role": "user", "content": "hi"}]}


def named(schema: Any) -> Any:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}


def tool(schema: Any, **fields: Any) -> Any:
    return {"type": "function", "function": {"name": "f", "parameters": schema, **fields}}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("schema", "keyword"), SCHEMAS)
async def test_schema_is_refused_by_its_path(
    http: httpx2.AsyncClient, model: ScriptedModel, schema: Any, keyword: str, stream: bool
) -> None:
    chat, text = "/v1/chat/completions", "/v1/completions"
    flat = {"type": "function", "name": "f", "parameters": schema, "strict": True}
    form = {"format": {"type": "json_schema", "name": "x", "schema": schema}}
    other = tool({"type": "object"}) | {"function": {"name": "g"}}
    cases: list[tuple[str, Any, str]] = [
        (
            chat,
            {**CHAT, "response_format": named(schema)},
            "response_format.json_schema.schema",
        ),
        (chat, {**CHAT, "structured_outputs": {"json": schema}}, "structured_outputs.json"),
        (chat, {**CHAT, "guided_json": schema}, "guided_json"),
        (
            chat,
            {**CHAT, "tools": [tool(schema)], "tool_choice": "required"},
            "tools[0].function.parameters",
        ),
        (
            chat,
            {**CHAT, "tools": [other, tool(schema, strict=True)]},
            "tools[1].function.parameters",
        ),
        (
            chat,
            {
                **CHAT,
                "functions": [{"name": "f", "parameters": schema}],
                "function_call": {"name": "f"},
            },
            "functions[0].parameters",
        ),
        (
            text,
            {"prompt": "a", "response_format": named(schema)},
            "response_format.json_schema.schema",
        ),
        (text, {"prompt": "a", "json_schema": schema}, "json_schema"),
        ("/v1/responses", {"input": "hi", "text": form}, "text.format.schema"),
        ("/v1/responses", {"input": "hi", "tools": [flat]}, "tools[0].parameters"),
    ]
    for path, body, param in cases:
        answer = await http.post(path, json={**body, "stream": stream})

        message = assert_openai_error(answer, 400, f"{param}.{keyword}")
        assert f"'{param}.{keyword}'" in message
    assert model.calls == []


@pytest.mark.parametrize(("schema", "keyword"), SCHEMAS)
async def test_message_with_such_a_schema_is_refused(
    http: httpx2.AsyncClient, model: ScriptedModel, schema: Any, keyword: str
) -> None:
    form = {"type": "json_schema", "schema": schema}
    tools = {"tools": [{"name": "f", "input_schema": schema}]}
    for body, path in (
        ({"output_config": {"format": form}}, "output_config.format.schema"),
        ({"output_format": form}, "output_format.schema"),
        ({**tools, "tool_choice": {"type": "any"}}, "tools[0].input_schema"),
        ({"tools": [{**tools["tools"][0], "strict": True}]}, "tools[0].input_schema"),
    ):
        answer = await http.post("/v1/messages", json={**CHAT, "max_tokens": 9, **body})

        assert answer.status_code == 400
        assert f"'{path}.{keyword}'" in answer.json()["error"]["message"]
    assert model.calls == []


@pytest.mark.parametrize(("schema", "keyword"), SCHEMAS)
async def test_assistant_and_run_with_such_a_schema_are_refused(
    http: httpx2.AsyncClient, model: ScriptedModel, schema: Any, keyword: str
) -> None:
    path = f"response_format.json_schema.schema.{keyword}"
    fields = {"model": "small", "response_format": named(schema)}
    assert_openai_error(await http.post("/v1/assistants", json=fields), 400, path)

    made = await http.post("/v1/assistants", json={"model": "small", "tools": [tool(schema)]})
    run = {"assistant_id": made.json()["id"]}
    forced = {**run, "tool_choice": "required"}
    parameters = f"tools[0].function.parameters.{keyword}"
    for body, param in (
        ({**run, "response_format": named(schema)}, path),
        ({**run, "tools": [tool(schema, strict=True)]}, parameters),
        (forced, "tool_choice"),
    ):
        answer = await http.post("/v1/threads/runs", json={**body, "thread": {}})

        message = assert_openai_error(answer, 400, param)
        assert (path if param == path else parameters) in message
    assert model.calls == []


async def test_tool_that_is_not_held_to_its_schema_may_have_any(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b"{}"]

    answer = await http.post("/v1/chat/completions", json={**CHAT, "tools": [tool(MULTIPLE)]})

    assert answer.status_code == 200
    assert model.asked["tools"] == [tool(MULTIPLE)]
