"""Schemas that cannot be enforced are refused, and leave the engine as it was."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import openai
import pytest
from openai import OpenAI

from deployments.chat.config import ChatConfig
from tests.support.served import serve_chat
from tests.support.tiny_model import make_tiny_llama

MESSAGES: Any = [{"role": "user", "content": "hello"}]
VALUE = {"v": {"type": "integer", "enum": [7]}}
TOOL: Any = {
    "type": "function",
    "function": {"name": "f", "parameters": {"type": "object", "properties": VALUE}},
}


def schema(properties: dict[str, Any]) -> dict[str, Any]:
    names = list(properties)
    rest = {"required": names, "additionalProperties": False}
    return {"type": "object", "properties": properties, **rest}


def form(properties: dict[str, Any]) -> Any:
    return {"type": "json_schema", "json_schema": {"name": "x", "schema": schema(properties)}}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenAI]:
    """A client of an engine whose first structured request was one that it cannot enforce."""
    options: Any = {
        "max_model_len": 512,
        "max_num_seqs": 4,
        "enforce_eager": True,
        "kv_cache_memory_bytes": 2**25,
        "tool_call_parser": "hermes",
        "enable_auto_tool_choice": True,
    }
    model = str(make_tiny_llama(tmp_path_factory.mktemp("tiny")))
    config = ChatConfig(model_id="m", model=model, max_whitespace=1, engine_kwargs=options)
    with (
        serve_chat(config) as url,
        OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0) as client,
    ):
        with pytest.raises(openai.BadRequestError):
            ask(client, response_format=form({"v": {"type": "integer", "multipleOf": 7}}))
        yield client


def ask(client: OpenAI, **fields: Any) -> Any:
    fields = {"model": "m", "messages": MESSAGES, "max_tokens": 100, "temperature": 0} | fields
    return client.chat.completions.create(**fields).choices[0]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("part", "keyword"),
    [
        ({"type": "integer", "multipleOf": 7}, "multipleOf"),
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"type": "array", "contains": {"type": "integer"}}, "contains"),
        ({"anyOf": [{"type": "integer", "multipleOf": 2}]}, "anyOf[0].multipleOf"),
        ({"type": "strin"}, "type"),
        ({"enum": []}, "enum"),
        ({"type": "integer", "minimum": 5, "maximum": 3}, "minimum"),
        ({"$ref": "#/properties/v"}, "$ref"),
    ],
)
def test_schema_that_cannot_be_enforced_is_refused_by_keyword_and_path(
    client: OpenAI, part: dict[str, Any], keyword: str, stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(
            model="m", messages=MESSAGES, response_format=form({"v": part}), stream=stream
        )

    path = f"response_format.json_schema.schema.properties.v.{keyword}"
    assert raised.value.param == path
    assert f"'{path}'" in raised.value.message


def test_schema_is_refused_as_structured_outputs_too(client: OpenAI) -> None:
    outputs = {"json": schema({"v": {"type": "number", "multipleOf": 0.5}})}

    with pytest.raises(openai.BadRequestError, match="multipleOf") as raised:
        ask(client, extra_body={"structured_outputs": outputs})

    assert raised.value.param == "structured_outputs.json.properties.v.multipleOf"


@pytest.mark.parametrize("limit", ["response_format", "tools", "guided_json", "completions"])
@pytest.mark.parametrize(
    "part",
    [
        {"allOf": [{"type": "integer"}, {"maximum": 9}, {"minimum": 8}]},
        {"type": "integer", "minimum": 10, "maximum": 29, "multipleOf": 10},
        {"type": "integer", "enum": ["a", 3]},
        {"$ref": "#/$defs/x~1y", "maximum": 3},
        {"type": "string", "pattern": '^"\\\\$'},
        {"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True, "minItems": 2},
    ],
)
def test_answer_meets_what_the_library_alone_ignores(
    client: OpenAI, part: dict[str, Any], limit: str
) -> None:
    stated = {**schema({"v": part}), "$defs": {"x/y": {"type": "integer", "minimum": 2}}}

    answer = ask_by(client, limit, stated)

    jsonschema_rs.validate(stated, json.loads(answer))


def ask_by(client: OpenAI, limit: str, stated: dict[str, Any]) -> str:
    match limit:
        case "response_format":
            named = {"type": "json_schema", "json_schema": {"name": "x", "schema": stated}}
            return ask(client, response_format=named).message.content
        case "guided_json":
            return ask(client, extra_body={"guided_json": stated}).message.content
        case "completions":
            made = client.completions.create(
                model="m", prompt="a", max_tokens=100, extra_body={"json_schema": stated}
            )
            return made.choices[0].text
        case _:
            tool = {"type": "function", "function": {"name": "f", "parameters": stated}}
            (call,) = ask(client, tools=[tool], tool_choice="required").message.tool_calls
            return call.function.arguments


def test_schemas_and_forced_calls_work_after_a_refusal(client: OpenAI) -> None:
    assert json.loads(ask(client, response_format=form(VALUE)).message.content) == {"v": 7}
    assert ask(client, response_format={"type": "json_object"}).message.content.startswith("{")
    for choice in ("required", {"type": "function", "function": {"name": "f"}}):
        (call,) = ask(client, tools=[TOOL], tool_choice=choice).message.tool_calls
        assert call.function.name == "f"
