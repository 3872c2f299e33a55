"""What the tests of Anthropic's Messages ask the server, and how they read its answers."""

from typing import Any

from anthropic.types import Message, ToolUseBlock

MODEL = "claude-sonnet-5"
SUM: list[Any] = [{"role": "user", "content": "What is 2+2?"}]
WEATHER: list[Any] = [{"role": "user", "content": "What is the weather in Boston?"}]
TOOL: Any = {
    "name": "get_current_weather",
    "description": "Get the current weather",
    "input_schema": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}

PICK: Any = {
    "name": "pick",
    "input_schema": {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "unit": {"enum": ["x1", "y2"]}},
        "required": ["code", "unit"],
        "additionalProperties": False,
    },
}
"""A tool that nobody asks for."""


def text(message: Message) -> str:
    return "".join(block.text for block in message.content if block.type == "text")


def find_call(message: Message) -> ToolUseBlock:
    (block,) = [block for block in message.content if block.type == "tool_use"]
    return block
