"""Converts OpenAI's deprecated functions to tools and back.

In the format of ``functions`` and ``function_call`` there is one call at a time, without an id.
"""

from collections.abc import Sequence
from typing import Any, cast

from pydantic_core import from_json, to_json

from wire.errors import InvalidRequestError, echo
from wire.sse import read_data, write_event

Fields = dict[str, Any]

FIELDS = ("functions", "function_call")

CALLED = b"tool_calls"
"""Text that marks a chunk or an answer that must be converted."""


def as_tools(fields: Fields) -> Fields:
    """Convert ``functions`` and ``function_call`` of a chat completion to tools.

    Raises:
        InvalidRequestError: both forms are set, or the deprecated one is malformed.
    """
    functions, choice = fields.get("functions"), fields.get("function_call")
    rest = {name: value for name, value in fields.items() if name not in FIELDS}
    if functions is None and choice is None:
        return rest
    for name in ("tools", "tool_choice"):
        if fields.get(name) is not None:
            raise InvalidRequestError(
                f"'{name}' and 'functions' are two forms of one thing; send one.", name
            )
    if not functions:
        if choice not in (None, "none", "auto"):
            raise InvalidRequestError(
                "Invalid 'function_call': there are no 'functions'.", "function_call"
            )
        return rest
    return rest | {
        "tools": [{"type": "function", "function": function} for function in functions],
        "tool_choice": _tool_choice(choice, [function["name"] for function in functions]),
        "parallel_tool_calls": False,
    }


def with_tool_messages(messages: Sequence[Fields]) -> list[Fields]:
    """Convert function calls and results in a conversation to those of tools.

    Raises:
        InvalidRequestError: a function's result has no preceding call.
    """
    return _Conversation().translate(messages)


def as_function_call(answer: bytes) -> bytes:
    """Convert a tool call in a chat completion to a function call."""
    if CALLED not in answer:
        return answer
    body = from_json(answer)
    for choice in body["choices"]:
        _translate(choice, choice["message"])
    return to_json(body)


def as_function_call_chunk(frame: bytes) -> bytes:
    """Convert a tool call in an event of a stream to a function call."""
    if CALLED not in frame:
        return frame
    body = read_data(frame)
    for choice in body["choices"]:
        _translate(choice, choice["delta"])
    return write_event(body)


def _translate(choice: Fields, message: Fields) -> None:
    for call in message.pop("tool_calls", None) or ():
        function = call["function"]
        message["function_call"] = {
            name: function[name] for name in ("name", "arguments") if function.get(name) is not None
        }
    if choice.get("finish_reason") == "tool_calls":
        choice["finish_reason"] = "function_call"


def _tool_choice(choice: object, names: list[str]) -> object:
    if choice is None:
        return "auto"
    if choice in ("none", "auto"):
        return choice
    name = cast("Fields", choice).get("name") if isinstance(choice, dict) else None
    if name not in names:
        raise InvalidRequestError(
            f"Invalid 'function_call': {echo(choice if name is None else name)} is neither 'auto' "
            f"nor 'none' nor the name of a function: {', '.join(names)}.",
            "function_call",
        )
    return {"type": "function", "function": {"name": name}}


class _Conversation:
    """Assigns ids to calls, which the deprecated format lacks."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def translate(self, messages: Sequence[Fields]) -> list[Fields]:
        return [self._message(index, message) for index, message in enumerate(messages)]

    def _message(self, index: int, message: Fields) -> Fields:
        rest = {name: value for name, value in message.items() if name != "function_call"}
        if call := message.get("function_call"):
            call_id = self._last[call["name"]] = f"call_{index}"
            return rest | {"tool_calls": [{"id": call_id, "type": "function", "function": call}]}
        if message["role"] != "function":
            return rest
        called = message.get("name") or ""
        if called not in self._last:
            raise InvalidRequestError(
                f"Invalid 'messages[{index}].name': no call of function {echo(called)} stands "
                "before its result.",
                f"messages[{index}].name",
            )
        return {"role": "tool", "tool_call_id": self._last[called], "content": message["content"]}
