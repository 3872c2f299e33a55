"""What vLLM's own types refuse is named by its path in the request. No engine is started."""

import json
from typing import Any

import pytest

from wire.calls import Call, Operation
from wire.errors import InvalidRequestError


def refuse(operation: Operation, **body: Any) -> InvalidRequestError:
    from deployments.chat.vllm.bodies import read_body
    from deployments.chat.vllm.engine import READERS

    call = Call(operation, json.dumps({"model": "m", **body}).encode(), "req_1")
    with pytest.raises(InvalidRequestError) as raised:
        read_body(call, READERS[operation])
    return raised.value


def chat(**message: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "hi", **message}]}


@pytest.mark.parametrize(
    ("operation", "body", "param", "says"),
    [
        (Operation.CHAT_COMPLETION, chat(name=5), "messages[0].name", "must be a string"),
        (Operation.CHAT_COMPLETION, chat(content=5), "messages[0].content", "must be a string"),
        (Operation.CHAT_COMPLETION, chat() | {"min_tokens": "x"}, "min_tokens", "integer"),
        (Operation.CHAT_COMPLETION, chat() | {"stop": [1]}, "stop[0]", "must be a string"),
        (Operation.CHAT_COMPLETION, chat() | {"stop": ["a"] * 65}, "stop", "at most 64"),
        (
            Operation.CHAT_COMPLETION,
            chat() | {"tools": [{"type": "function", "function": {"name": 5}}]},
            "tools[0].function.name",
            "must be a string",
        ),
        (
            Operation.CHAT_COMPLETION,
            chat() | {"response_format": {"type": "yaml"}},
            "response_format.type",
            "'json_object'",
        ),
        (Operation.CHAT_COMPLETION, chat() | {"tool_choice": 5}, "tool_choice", "must be set"),
        (Operation.CHAT_COMPLETION, chat() | {"vllm_xargs": []}, "vllm_xargs", "an object"),
        (Operation.COMPLETION, {"prompt": "x", "stop": [1]}, "stop[0]", "must be a string"),
        (Operation.COMPLETION, {"prompt": "x", "echo": "maybe"}, "echo", "boolean"),
        (Operation.RESPONSE, {"input": "x", "text": {"format": {}}}, "text.format.type", "type"),
        (Operation.RESPONSE, {"input": "x", "reasoning": {"effort": 5}}, "reasoning.effort", "5"),
        (Operation.RESPONSE, {"input": "x", "stop": [1]}, "stop[0]", "must be a string"),
        (
            Operation.MESSAGE,
            chat() | {"max_tokens": 5, "stop_sequences": ["a"] * 65},
            "stop_sequences",
            "at most 64",
        ),
        (
            Operation.TOKENIZE,
            {"prompt": "x", "add_special_tokens": "no?"},
            "add_special_tokens",
            "",
        ),
        (Operation.DETOKENIZE, {"tokens": ["x"]}, "tokens[0]", "must be an integer"),
    ],
)
def test_member_that_vllm_refuses_is_named_by_its_path(
    operation: Operation, body: dict[str, Any], param: str, says: str
) -> None:
    error = refuse(operation, **body)

    assert error.param == param, error.message
    assert says in error.message
    for internal in ("Input should", "Param", "validation error", "ValidatorIterator", "pydantic"):
        assert internal not in error.message


def test_item_is_numbered_as_the_client_has_sent_it() -> None:
    said = {"role": "user", "content": "hi"}
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": 5}

    error = refuse(Operation.RESPONSE, input=[said, said, call], num_before=2)

    assert error.param is not None
    assert error.param.startswith("input[0]")
    assert "input[2]" not in error.message


@pytest.mark.parametrize(
    ("field", "value"),
    [("tools", [5]), ("tools", 5), ("tool_choice", [5]), ("response_format", [5])],
)
def test_field_of_an_unexpected_shape_is_named(field: str, value: Any) -> None:
    error = refuse(Operation.CHAT_COMPLETION, **chat(), **{field: value})

    assert (error.param or "").startswith(field), error.message
    assert "object" not in error.message or "must be" in error.message
