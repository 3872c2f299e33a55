"""A schema that takes long to check holds up neither the process nor another owner's schemas."""

import asyncio
import re
from typing import Any

import httpx2
import psutil
import pytest

from tests.api.errors import assert_openai_error
from tests.support.scripted_model import ScriptedModel
from tests.support.waiting import until

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "hi"}]


def large_schema(prefix: str, **keywords: str) -> dict[str, Any]:
    """Return a schema that takes some tenths of a second to check, with a format some seconds."""
    properties = {f"{prefix}{index}": {"type": "string", **keywords} for index in range(900)}
    return {"type": "object", "properties": properties}


def with_tools(prefix: str, num_tools: int, **keywords: str) -> dict[str, Any]:
    """Return a request with so many tools of which each has a large schema of its own."""
    schemas = [large_schema(f"{prefix}{index}_", **keywords) for index in range(num_tools)]
    functions = [
        {"name": f"f{index}", "parameters": schema, "strict": True}
        for index, schema in enumerate(schemas)
    ]
    tools = [{"type": "function", "function": function} for function in functions]
    return {"messages": MESSAGES, "tools": tools}


def workers() -> list[psutil.Process]:
    """Return the processes that check."""
    return [
        child
        for template in psutil.Process().children()
        if "workers.template" in template.cmdline()
        for child in template.children()
    ]


@pytest.mark.parametrize("kind", ["schema", "tools", "grammar", "regex"])
async def test_others_are_served_while_a_request_is_checked(
    http: httpx2.AsyncClient, model: ScriptedModel, kind: str
) -> None:
    model.script = [b"{}"]
    schema = large_schema("others_")
    grammar = "root ::= " + " | ".join(f'"{i}" [a-z]+ ("x" | "y")?' for i in range(2000))
    bodies: dict[str, Any] = {
        "schema": {"guided_json": schema},
        "tools": with_tools("others_", 2),
        "grammar": {"grammar": grammar},
        "regex": {"guided_regex": "(" + "|".join(f"{i}[a-z]+" for i in range(1500)) + ")"},
    }

    checked = asyncio.create_task(http.post(CHAT, json={"messages": MESSAGES} | bodies[kind]))
    await until(lambda: bool(workers()))
    assert (await http.get("/healthz")).status_code == 200
    assert not checked.done()

    assert (await checked).status_code == 200
    await until(lambda: not workers())


async def test_request_whose_client_left_is_no_longer_checked(http: httpx2.AsyncClient) -> None:
    request = asyncio.create_task(http.post(CHAT, json=with_tools("left_", 3)))
    await until(lambda: bool(workers()))

    request.cancel()
    await asyncio.gather(request, return_exceptions=True)

    await until(lambda: not workers())


async def test_schemas_over_the_budget_together_are_refused_by_name(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    response = await http.post(CHAT, json=with_tools("over_", 8, format="date-time"))

    param = response.json()["error"]["param"]
    assert re.fullmatch(r"tools\[\d+\]\.function\.parameters", param)
    assert "2 s" in assert_openai_error(response, 400, param)
    assert model.calls == []


async def test_assistants_are_checked_elsewhere_too(http: httpx2.AsyncClient) -> None:
    body = {"model": "small", **with_tools("assistant_", 2)}
    del body["messages"]

    checked = asyncio.create_task(http.post("/v1/assistants", json=body))
    await until(lambda: bool(workers()))
    assert (await http.get("/healthz")).status_code == 200

    assert not checked.done()
    assert (await checked).status_code == 200
