# pyright: standard
"""Large bodies, which are validated in parts, are read as vLLM reads them whole."""

from typing import Any

import pytest
from pydantic_core import to_json

from wire.calls import Call, Operation
from wire.errors import InvalidRequestError

TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
PADDING = "x" * 2**16
CALLED = [
    {"role": "user", "content": "a"},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        ],
    },
    {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "yes"}]},
    {"role": "assistant", "content": "b", "reasoning_content": "because"},
]
ITEMS = [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]},
    {"type": "reasoning", "id": "r", "summary": []},
    {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c", "output": "yes"},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "b"}]},
]
BLOCKS = [
    {"role": "user", "content": [{"type": "text", "text": "a"}]},
    {"role": "assistant", "content": [{"type": "tool_use", "id": "c", "name": "l", "input": {}}]},
    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "yes"}]},
]
BODIES: dict[Operation, tuple[str, list[Any], dict[str, Any]]] = {
    Operation.CHAT_COMPLETION: ("messages", CALLED, {"tools": [TOOL], "items": 5}),
    Operation.RESPONSE: ("input", ITEMS, {"truncation": "auto", "request_id": "resp_a"}),
    Operation.MESSAGE: ("messages", BLOCKS, {"max_tokens": 5, "system": "Be brief."}),
}


def read(operation: Operation, fields: dict[str, Any], *, large: bool) -> Any:
    from deployments.chat.vllm.bodies import read_body
    from deployments.chat.vllm.engine import READERS

    padding = {"user": PADDING} if large else {}
    body = to_json({"model": "m", **fields, **padding})
    return read_body(Call(operation, body, "id"), READERS[operation])


@pytest.mark.parametrize("operation", BODIES)
@pytest.mark.parametrize("repeated", [1, 60, 150])
def test_large_body_is_the_same_as_whole(operation: Operation, repeated: int) -> None:
    from deployments.chat.vllm.engine import READERS

    name, items, others = BODIES[operation]
    fields = {"model": "m", **others, name: items * repeated, "user": PADDING}

    whole = READERS[operation].validate_json(to_json(fields))
    in_parts = read(operation, fields, large=True)

    assert dump(in_parts) == dump(whole)
    assert getattr(in_parts, "items", None) == getattr(whole, "items", None)


def dump(body: Any) -> dict[str, Any]:
    """Return the fields of a body without the ids that vLLM makes up."""
    return without_ids(body.model_dump(mode="json", exclude={"request_id", "items"}))


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: without_ids(each) for name, each in value.items() if name != "id"}
    return [without_ids(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("operation", BODIES)
@pytest.mark.parametrize("place", [0, 199, 200, 450])
def test_wrong_item_is_named_by_its_place_in_the_whole(operation: Operation, place: int) -> None:
    name, items, others = BODIES[operation]
    said = [items[0]] * 500
    said[place] = {**items[0], "content": 5}

    with pytest.raises(InvalidRequestError) as raised:
        read(operation, {**others, name: said}, large=True)

    assert (raised.value.param or "").startswith(f"{name}[{place}]"), raised.value


@pytest.mark.parametrize("operation", BODIES)
@pytest.mark.parametrize("odd", ["", [], [5], {}, [[]]])
def test_odd_list_is_refused_alike_whatever_the_size(operation: Operation, odd: Any) -> None:
    name, _, others = BODIES[operation]
    answers = list[str]()
    for large in (False, True):
        try:
            answers.append(str(dump(read(operation, {**others, name: odd}, large=large)).get(name)))
        except InvalidRequestError as error:
            answers.append(str(error.param))

    assert answers[0] == answers[1]
