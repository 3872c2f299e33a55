"""Which tools the engine gets of a request, and what it must call."""

from typing import Any

import pytest

from wire.errors import InvalidRequestError
from wire.openai.tool_choice import NO_ARGUMENTS, prepare_tools

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def nested(name: str, **more: Any) -> dict[str, Any]:
    """Return a tool as chat writes it."""
    return {"type": "function", "function": {"name": name, "parameters": SCHEMA, **more}}


def flat(name: str, **more: Any) -> dict[str, Any]:
    """Return a tool as Responses writes it."""
    return {"type": "function", "name": name, "parameters": SCHEMA, **more}


def reference(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool as a choice names it."""
    if "function" in tool:
        return {"type": "function", "function": {"name": tool["function"]["name"]}}
    return {name: tool[name] for name in ("type", "name") if name in tool}


@pytest.mark.parametrize("tool", [nested, flat])
@pytest.mark.parametrize("nests", [True, False])
@pytest.mark.parametrize("mode", ["auto", "required"])
def test_allowed_tools_are_all_that_the_engine_gets(tool: Any, nests: bool, mode: str) -> None:
    tools = [tool("a"), tool("b"), tool("c")]
    allowed = {"mode": mode, "tools": [reference(tool("c")), reference(tool("a"))]}
    spelled = {"allowed_tools": allowed} if nests else allowed

    prepared = prepare_tools(
        {"tools": tools, "tool_choice": {"type": "allowed_tools", **spelled}, "n": 1}
    )

    assert prepared["tool_choice"] == mode
    assert [reference(each) for each in prepared["tools"]] == [
        reference(tool("a")),
        reference(tool("c")),
    ]
    assert prepared["n"] == 1


def test_tool_without_a_name_is_chosen_by_its_type() -> None:
    choice = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]}

    prepared = prepare_tools({"tools": [flat("a"), {"type": "web_search"}], "tool_choice": choice})

    assert prepared["tools"] == [{"type": "web_search"}]


@pytest.mark.parametrize(
    ("allowed", "param", "named"),
    [
        ({"mode": "any", "tools": [reference(nested("a"))]}, "allowed_tools.mode", "'any'"),
        ({"tools": [reference(nested("a"))]}, "allowed_tools.mode", "Missing"),
        ({"mode": "auto"}, "allowed_tools.tools", "Missing"),
        ({"mode": "auto", "tools": []}, "allowed_tools.tools", "at least 1"),
        ({"mode": "auto", "tools": ["a"]}, "allowed_tools.tools[0]", "'a'"),
        (
            {"mode": "auto", "tools": [reference(nested("a")), reference(nested("x"))]},
            "allowed_tools.tools[1]",
            "'x' is none of the 'tools': a",
        ),
        ("a", "allowed_tools", "'a'"),
    ],
)
def test_wrong_choice_is_refused_by_its_path(allowed: Any, param: str, named: str) -> None:
    choice = {"type": "allowed_tools", "allowed_tools": allowed}

    with pytest.raises(InvalidRequestError, match=r".") as refused:
        prepare_tools({"tools": [nested("a")], "tool_choice": choice})

    assert refused.value.param == f"tool_choice.{param}"
    assert named in refused.value.message


def test_choice_as_responses_spell_it_is_refused_by_that_path() -> None:
    choice = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "x"}]}

    with pytest.raises(InvalidRequestError) as refused:
        prepare_tools({"tools": None, "tool_choice": choice})

    assert refused.value.param == "tool_choice.tools[0]"


@pytest.mark.parametrize("tool", [nested, flat])
@pytest.mark.parametrize("choice", [reference(nested("f")), reference(flat("f"))])
def test_choice_of_one_function_is_written_as_its_tools(tool: Any, choice: Any) -> None:
    prepared = prepare_tools({"tools": [tool("f"), tool("g")], "tool_choice": choice})

    assert prepared["tool_choice"] == reference(tool("f"))


@pytest.mark.parametrize(
    ("tool", "choice", "param", "says"),
    [
        (nested, {"type": "function"}, "tool_choice.function", "Missing"),
        (nested, {"type": "function", "function": None}, "tool_choice.function.name", "Missing"),
        (nested, {"function": {}}, "tool_choice.function.name", "Missing"),
        (nested, {"type": "none"}, "tool_choice.type", "'function' or 'allowed_tools'"),
        (nested, {"type": None}, "tool_choice.type", "received null"),
        (nested, reference(nested("x")), "tool_choice.function.name", "'x' is none of"),
        (nested, reference(flat("x")), "tool_choice.name", "'x' is none of the 'tools': f."),
        (flat, {"type": "function"}, "tool_choice.name", "Missing"),
        (flat, {"type": "function", "name": 5}, "tool_choice.name", "Missing"),
        (flat, reference(flat("x")), "tool_choice.name", "'x' is none of the 'tools': f."),
    ],
)
def test_wrong_choice_of_one_function_is_refused_by_its_path(
    tool: Any, choice: Any, param: str, says: str
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        prepare_tools({"tools": [tool("f")], "tool_choice": choice})

    assert refused.value.param == param
    assert says in refused.value.message


@pytest.mark.parametrize("tool", [nested, flat])
@pytest.mark.parametrize("absent", [None, {}])
def test_function_without_parameters_takes_no_arguments(tool: Any, absent: Any) -> None:
    (prepared,) = prepare_tools({"tools": [tool("f", parameters=absent)]})["tools"]

    assert prepared.get("function", prepared)["parameters"] == NO_ARGUMENTS
    assert reference(prepared) == reference(tool("f"))


@pytest.mark.parametrize("tool", [nested, flat])
@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "f"}])
@pytest.mark.parametrize("strict", [None, False, True])
def test_forced_call_is_strict(tool: Any, choice: Any, strict: bool | None) -> None:
    fields = {"tools": [tool("f", strict=strict)], "tool_choice": choice}

    (prepared,) = prepare_tools(fields)["tools"]

    assert prepared.get("function", prepared)["strict"] is True


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_other_calls_are_as_strict_as_the_client_says(choice: Any) -> None:
    tools = [nested("f", strict=False), nested("g")]

    assert prepare_tools({"tools": tools, "tool_choice": choice})["tools"] == tools


def test_request_without_tools_is_unchanged() -> None:
    fields = {"messages": [], "tool_choice": "none"}

    assert prepare_tools(fields) == fields


def test_many_allowed_tools_are_found_in_linear_time() -> None:
    tools = [nested(f"function_{i}") for i in range(20_000)]
    allowed = {"mode": "auto", "tools": [reference(tool) for tool in tools]}
    choice = {"type": "allowed_tools", "allowed_tools": allowed}

    assert len(prepare_tools({"tools": tools, "tool_choice": choice})["tools"]) == len(tools)
