"""Calls by vLLM and the embedded model in every API: whole and streamed answers say the same."""

import json
from typing import Any

import httpx2
import pytest
from pydantic_core import from_json

from tests.engines.calling import APIS, MODEL, Content, Request, ask_model

WEATHER_SCHEMA = {
    "type": "object",
    "properties": {"location": {"type": "string"}},
    "required": ["location"],
}
BOSTON = "What is the weather in Boston?"
WEATHER = Request(BOSTON, {"get_current_weather": WEATHER_SCHEMA})
CALL_TOKENS = 21
"""Of the call of the weather, from its first mark to its last."""
MARKS = ("<tool", "tool_call>", '"arguments"')
OTHERS = tuple(api for api in APIS if api != "functions")
"""The APIs whose choice may be that some tool must be called."""


def both(url: str, api: str, request: Request) -> Content:
    """Return what an answer tells, which is the same whole and streamed."""
    whole = ask_model(url, api, request, streamed=False)
    streamed = ask_model(url, api, request, streamed=True)
    if api == "messages":  # whose whole answers have the arguments read
        streamed.calls = [(name, json.dumps(_read_begun(text))) for name, text in streamed.calls]
    assert streamed == whole
    assert not any(mark in whole.text for mark in MARKS)
    return whole


def _read_begun(text: str) -> Any:
    """Return what is complete of the beginning of an object."""
    return from_json(text, allow_partial=True) if text else {}


def with_choice(request: Request, choice: str, **more: Any) -> Request:
    return Request(request.question, request.tools, choice, more=more)


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("choice", ["auto", "required", "get_current_weather"])
def test_call_is_the_same_whole_and_streamed(caller: str, api: str, choice: str) -> None:
    if choice == "required" and api not in OTHERS:
        choice = "auto"

    told = both(caller, api, with_choice(WEATHER, choice))

    ((name, arguments),) = told.calls
    assert (told.text, name) == ("", "get_current_weather")
    assert json.loads(arguments) == {"location": "Boston"}
    # OpenAI's answers to a tool that was named end as texts do.
    named = choice == "get_current_weather" and api in ("chat", "functions")
    assert told.ended == ("text" if named else "calls")


@pytest.mark.parametrize("api", APIS)
def test_call_cut_at_any_length_is_told_as_far_as_it_came(caller: str, api: str) -> None:
    before = arguments = ""
    for limit in range(1, CALL_TOKENS):
        told = both(caller, api, WEATHER.with_limit(limit))

        ((name, arguments),) = told.calls
        assert (told.text, name, told.ended) == ("", "get_current_weather", "length")
        if api != "messages":
            assert arguments.startswith(before)
            before = arguments
    assert json.loads(arguments) == {"location": "Boston"}


@pytest.mark.parametrize("api", OTHERS)
@pytest.mark.parametrize("limit", [1, 4, 12])
def test_call_that_must_be_made_is_told_as_far_as_it_came(
    caller: str, api: str, limit: int
) -> None:
    told = both(caller, api, with_choice(WEATHER, "required").with_limit(limit))

    ((name, _),) = told.calls
    assert (told.text, name, told.ended) == ("", "get_current_weather", "length")


@pytest.mark.parametrize("api", APIS)
def test_call_that_a_stop_text_cuts_is_told_as_far_as_it_came(caller: str, api: str) -> None:
    request = Request(BOSTON, WEATHER.tools, stop="ost")

    told = both(caller, api, request)

    ((name, arguments),) = told.calls
    assert name == "get_current_weather"
    assert arguments == ("{}" if api == "messages" else '{"location": "B')
    assert told.ended in ("stop", "calls" if api == "responses" else "stop")


@pytest.mark.parametrize("api", APIS)
def test_tools_that_may_not_be_called_are_not_in_the_prompt(caller: str, api: str) -> None:
    told = both(caller, api, with_choice(WEATHER, "none"))

    assert told.calls == []
    assert told.text
    assert told.ended == "text"
    without = httpx2.post(
        f"{caller}/v1/chat/completions",
        json={"model": MODEL, "messages": [{"role": "user", "content": BOSTON}], "max_tokens": 1},
    ).json()
    assert told.prompt_tokens == without["usage"]["prompt_tokens"]


PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
SCHEMA = {"type": "json_schema", "schema": PERSON}
NAMED = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
FORMATS: dict[str, Any] = {
    "chat": {"response_format": NAMED},
    "functions": {"response_format": NAMED},
    "responses": {"text": {"format": {**SCHEMA, "name": "person"}}},
    "messages": {"output_config": {"format": SCHEMA}},
}


@pytest.mark.parametrize("api", APIS)
def test_model_calls_or_answers_in_the_format(caller: str, api: str) -> None:
    ben = "Ben is 5 years old. Return his name and age as JSON."

    calling = both(caller, api, Request(BOSTON, WEATHER.tools, more=FORMATS[api]))
    answering = both(caller, api, Request(ben, WEATHER.tools, more=FORMATS[api]))

    assert calling.text == ""
    assert [name for name, _ in calling.calls] == ["get_current_weather"]
    assert (answering.calls, answering.ended) == ([], "text")
    person = json.loads(answering.text)
    assert (set(person), type(person["age"])) == ({"name", "age"}, int)


EARLIER: list[Any] = [
    {"role": "user", "content": BOSTON},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "c",
                "type": "function",
                "function": {"name": "get_current_weather", "arguments": '{"location": "Boston"}'},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "c", "content": "22"},
    {"role": "user", "content": "What is the weather in Paris?"},
]
EARLIER_ITEMS: list[Any] = [
    {"role": "user", "content": BOSTON},
    {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c", "output": "22"},
    {"role": "user", "content": "What is the weather in Paris?"},
]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("chat/completions", WEATHER.body("chat") | {"tool_choice": "none"}),
        ("chat/completions", {"messages": EARLIER}),
        ("responses", WEATHER.body("responses") | {"tool_choice": "none"}),
        ("responses", {"input": EARLIER_ITEMS}),
    ],
)
def test_model_that_wants_to_call_and_may_not_writes_no_marks(
    caller: str, path: str, fields: Any, streamed: bool
) -> None:
    answer = httpx2.post(f"{caller}/tokenize", json={"model": MODEL, "prompt": "<tool_call>"})
    (mark,) = answer.json()["tokens"]

    body = {"model": MODEL, "stream": streamed, "logit_bias": {str(mark): 100}, **fields}
    answer = httpx2.post(f"{caller}/v1/{path}", json=body, timeout=120)

    assert answer.status_code == 200, answer.text
    assert "<tool_call>" not in answer.text


ODD = [
    "a </tool_call> b",
    "<tool_call>",
    '}}\n</tool_call>\n<tool_call>\n{"name": "x", "arguments": {}}',
    '"} \\ \\" {[,:',
    "é 😀\n\t",
]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("text", ODD)
def test_marks_in_the_arguments_are_arguments(caller: str, api: str, text: str) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"const": text}},
        "required": ["a"],
        "additionalProperties": False,
    }
    for choice in ("f", "required") if api in OTHERS else ("f",):
        told = both(caller, api, Request(BOSTON, {"f": schema}, choice))

        ((name, arguments),) = told.calls
        assert (told.text, name) == ("", "f")
        assert json.loads(arguments) == {"a": text}


@pytest.mark.parametrize("api", [api for api in APIS if api != "messages"])
@pytest.mark.parametrize("parameters", [None, {}])
def test_function_without_parameters_is_called_without_arguments(
    caller: str, api: str, parameters: Any
) -> None:
    told = both(caller, api, Request(BOSTON, {"now": parameters}, "now"))

    assert [(name, json.loads(arguments)) for name, arguments in told.calls] == [("now", {})]


@pytest.mark.parametrize("api", OTHERS)
@pytest.mark.parametrize("streamed", [False, True])
def test_forced_call_keeps_to_its_schema_whatever_strict_says(
    caller: str, api: str, streamed: bool
) -> None:
    schema = {
        "type": "object",
        "properties": {"unit": {"enum": ["x1", "y2"]}},
        "required": ["unit"],
        "additionalProperties": False,
    }
    request = Request(BOSTON, {"pick": schema}, "required")
    body = request.body(api)
    for tool in body["tools"]:
        tool.get("function", tool)["strict"] = False
    request = Request(BOSTON, request.tools, "required", more={"tools": body["tools"]})

    ((_, arguments),) = ask_model(caller, api, request, streamed=streamed).calls

    assert json.loads(arguments)["unit"] in ("x1", "y2")


@pytest.mark.parametrize(("api", "nests"), [("chat", True), ("chat", False), ("responses", False)])
def test_only_allowed_tools_are_called(caller: str, api: str, nests: bool) -> None:
    reference = {"type": "function", "name": "now"}
    if api == "chat":
        reference = {"type": "function", "function": {"name": "now"}}
    allowed: dict[str, Any] = {"mode": "required", "tools": [reference]}
    choice = {"type": "allowed_tools", **({"allowed_tools": allowed} if nests else allowed)}
    request = Request(BOSTON, {**WEATHER.tools, "now": None}, more={"tool_choice": choice})

    assert both(caller, api, request).calls == [("now", "{}")]


@pytest.mark.parametrize("choice", ["auto", "required", "get_current_weather"])
def test_first_delta_of_a_call_has_no_text(caller: str, choice: str) -> None:
    body = with_choice(WEATHER, choice).body("chat") | {"stream": True}

    answer = httpx2.post(f"{caller}/v1/chat/completions", json=body, timeout=120)

    frames = [line for line in answer.text.splitlines() if line.startswith("data: {")]
    deltas = [json.loads(line[6:])["choices"][0]["delta"] for line in frames]
    assert deltas[0]["role"] == "assistant"
    assert [delta["content"] for delta in deltas if delta.get("content") is not None] == []
