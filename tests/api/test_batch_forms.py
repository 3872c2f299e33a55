"""A line of a batch keeps to the rules of its route: schemas, tools, and the choice among them."""

import json
from typing import Any

import pytest
from openai import AsyncOpenAI

from tests.api.answering import AnsweringModel
from tests.support.batch_requests import begin, hurry, read_lines, wait_for_end

CHAT, TEXT, RESPONSES = "/v1/chat/completions", "/v1/completions", "/v1/responses"
HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}
ENGINES_OWN = ("request_id", "created_at", "shown")
"""Members of an engine's body that differ between two requests of the same."""

MULTIPLE = {"type": "object", "properties": {"v": {"type": "integer", "multipleOf": 7}}}
FORM = {"type": "json_schema", "json_schema": {"name": "x", "schema": MULTIPLE}}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (CHAT, {**HELLO, "response_format": FORM}, "response_format.json_schema.schema"),
    (CHAT, {**HELLO, "structured_outputs": {"json": MULTIPLE}}, "structured_outputs.json"),
    (TEXT, {"prompt": "hi", "response_format": FORM}, "response_format.json_schema.schema"),
    (
        RESPONSES,
        {
            "input": "hi",
            "text": {"format": {"type": "json_schema", "name": "x", "schema": MULTIPLE}},
        },
        "text.format.schema",
    ),
]


def tool(endpoint: str, schema: Any = PARAMETERS, **fields: Any) -> dict[str, Any]:
    function = {"name": "weather", "parameters": schema, **fields}
    nested = endpoint == CHAT
    return {"type": "function", **({"function": function} if nested else function)}


def named(endpoint: str) -> dict[str, Any]:
    function = {"name": "weather"}
    return {"type": "function", **({"function": function} if endpoint == CHAT else function)}


QUESTIONS = {CHAT: HELLO, RESPONSES: {"input": "hi"}}


@pytest.fixture
def model() -> AnsweringModel:
    return AnsweringModel()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


async def results(client: AsyncOpenAI, endpoint: str, *bodies: dict[str, Any]) -> list[Any]:
    """Return what came of a batch's lines, answered or refused, in their order."""
    lines = [
        {"custom_id": str(n), "method": "POST", "url": endpoint, "body": {"model": "small", **body}}
        for n, body in enumerate(bodies)
    ]
    batch = await wait_for_end(client, await begin(client, lines, endpoint))
    files = [each for each in (batch.output_file_id, batch.error_file_id) if each]
    written = [each for file in files for each in await read_lines(client, file)]
    return [each["response"] for each in sorted(written, key=lambda each: int(each["custom_id"]))]


async def sent_by_line(
    client: AsyncOpenAI, model: AnsweringModel, endpoint: str, body: dict[str, Any]
) -> dict[str, Any]:
    """Send a request as a line and directly; return the engine's body, which must be the same."""
    (answer,) = await results(client, endpoint, body)
    assert answer["status_code"] == 200, answer
    await client.post(endpoint.removeprefix("/v1"), body={"model": "small", **body}, cast_to=object)
    of_line, direct = (json.loads(call.body) for call in model.calls)
    for name in ENGINES_OWN:
        of_line.pop(name, None)
        direct.pop(name, None)
    assert of_line == direct
    return of_line


@pytest.mark.parametrize("endpoint", [CHAT, TEXT, RESPONSES])
async def test_schema_that_cannot_be_enforced_fails_its_line_alone(
    openai_client: AsyncOpenAI, model: AnsweringModel, endpoint: str
) -> None:
    bodies = [body for path, body, _ in REFUSED if path == endpoint]
    places = [place for path, _, place in REFUSED if path == endpoint]
    if endpoint in QUESTIONS:
        for choice in ("required", named(endpoint)):
            tools = {"tools": [tool(endpoint, MULTIPLE)], "tool_choice": choice}
            bodies.append({**QUESTIONS[endpoint], **tools})
            places.append(
                "tools[0].function.parameters" if endpoint == CHAT else "tools[0].parameters"
            )
    good = {"prompt": "hi"} if endpoint == TEXT else QUESTIONS[endpoint]

    *refused, answered = await results(openai_client, endpoint, *bodies, good)

    assert len(refused) == len(places)
    for answer, place in zip(refused, places, strict=True):
        path = f"{place}.properties.v.multipleOf"
        error = answer["body"]["error"]
        assert answer["status_code"] == 400
        assert error["param"] == path
        assert f"'{path}'" in error["message"]
    assert answered["status_code"] == 200
    assert len(model.calls) == 1


@pytest.mark.parametrize("endpoint", [CHAT, RESPONSES])
async def test_line_that_may_not_call_reaches_the_engine_as_such(
    openai_client: AsyncOpenAI, model: AnsweringModel, endpoint: str
) -> None:
    body = {**QUESTIONS[endpoint], "tools": [tool(endpoint)], "tool_choice": "none"}

    sent = await sent_by_line(openai_client, model, endpoint, body)

    assert sent["tool_choice"] == "none"


async def test_line_with_functions_that_may_not_call_reaches_the_engine_as_such(
    openai_client: AsyncOpenAI, model: AnsweringModel
) -> None:
    functions = [{"name": "weather", "parameters": PARAMETERS}]

    sent = await sent_by_line(
        openai_client, model, CHAT, {**HELLO, "functions": functions, "function_call": "none"}
    )

    assert sent["tool_choice"] == "none"


@pytest.mark.parametrize("endpoint", [CHAT, RESPONSES])
@pytest.mark.parametrize("by_name", [False, True])
async def test_forced_call_of_a_line_keeps_to_its_schema(
    openai_client: AsyncOpenAI, model: AnsweringModel, endpoint: str, by_name: bool
) -> None:
    choice = named(endpoint) if by_name else "required"
    tools = [tool(endpoint, strict=False), tool(endpoint, None, name="now", strict=False)]
    body = {**QUESTIONS[endpoint], "tools": tools, "tool_choice": choice}

    sent = await sent_by_line(openai_client, model, endpoint, body)

    functions = [each["function"] if endpoint == CHAT else each for each in sent["tools"]]
    assert [each["strict"] for each in functions] == [True, True]
    assert functions[0]["parameters"] == PARAMETERS
    assert functions[1]["parameters"]["additionalProperties"] is False
