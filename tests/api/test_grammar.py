"""Grammars and functions in JSON over HTTP: what the engine is asked, and 400s."""

import json
from typing import Any

import httpx2
import pytest

from tests.support.scripted_model import ScriptedModel

CHAT = {"messages": [{"role": "user", "content": "Is it?"}]}
PATHS = {"/v1/chat/completions": CHAT, "/v1/completions": {"prompt": "Is it?"}}
YES_OR_NO = 'root ::= "yes" | "no"'
CALL = {"type": "object", "properties": {"function": {"const": "f"}, "arguments": {}}}


@pytest.mark.parametrize("path", PATHS)
async def test_grammar_reaches_the_engine_in_its_own_dialect(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str
) -> None:
    model.script = [b"{}"]

    answer = await http.post(path, json={**PATHS[path], "grammar": r'root ::= | "\x41b" [^b-z]'})

    assert answer.status_code == 200
    assert "grammar" not in model.asked
    assert model.asked["structured_outputs"] == {
        "grammar": r'root ::= "" | "Ab" [\u0000-a\u007b-\ud7ff\ue000-\U0010ffff]' + "\n"
    }


async def test_functions_in_json_reach_the_engine_as_a_schema(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [b"{}"]

    answer = await http.post(
        "/v1/chat/completions", json={**CHAT, "grammar_json_functions": {"oneOf": [CALL]}}
    )

    assert answer.status_code == 200
    assert "grammar_json_functions" not in model.asked
    tag = json.loads(model.asked["structured_outputs"]["structural_tag"])
    calls = tag["format"]["json_schema"]["anyOf"]
    assert [call["properties"]["function"] for call in calls] == [{"const": "f"}]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("fields", "param", "says"),
    [
        ({"grammar": 'root ::= "a"\n x ::= b'}, "grammar", "line 2, column 8: no rule 'b'"),
        ({"grammar": "(" * 100_000}, "grammar", "more than 65536 characters"),
        ({"grammar": "root ::= " + "(" * 65_000}, "grammar", "groups in each other"),
        ({"grammar": ["a"]}, "grammar", "a list of 1"),
        ({"grammar": YES_OR_NO, "response_format": "json_object"}, "grammar", "'response_format'"),
        (
            {"grammar": YES_OR_NO, "structured_outputs": {"choice": ["x"]}},
            "grammar",
            "'structured_outputs'",
        ),
        (
            {"grammar": YES_OR_NO, "grammar_json_functions": {"oneOf": [CALL]}},
            "grammar_json_functions",
            "'grammar'",
        ),
        ({"grammar_json_functions": 5}, "grammar_json_functions", "5"),
        (
            {"grammar_json_functions": {"oneOf": [CALL, {"type": "object"}]}},
            "grammar_json_functions.oneOf[1].properties",
            "Missing",
        ),
    ],
)
async def test_form_that_cannot_be_kept_is_a_400_that_asks_no_model(
    http: httpx2.AsyncClient,
    model: ScriptedModel,
    path: str,
    fields: dict[str, Any],
    param: str,
    says: str,
) -> None:
    answer = await http.post(path, json=PATHS[path] | fields)

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (
        400,
        "invalid_request_error",
        None,
    )
    assert error["param"] == param
    assert says in error["message"]
    assert model.calls == []


@pytest.mark.parametrize(
    "tools",
    [
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"functions": [{"name": "f"}]},
    ],
)
async def test_functions_in_json_beside_tools_are_refused(
    http: httpx2.AsyncClient, tools: dict[str, Any]
) -> None:
    fields = {**CHAT, **tools, "grammar_json_functions": {"oneOf": [CALL]}}

    answer = await http.post("/v1/chat/completions", json=fields)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "grammar_json_functions"
    assert "'tools'" in answer.json()["error"]["message"]
