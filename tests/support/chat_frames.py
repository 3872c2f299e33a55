"""The chunks of a chat stream as a scripted model sends them."""

import json
from typing import Any

from wire.calls import Usage

FUNCTION: Any = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {
            "type": "object",
            "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        },
    },
}


def frame(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    """Return one chunk of a chat stream."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return _frame([choice], None)


def usage(prompt_tokens: int, completion_tokens: int) -> bytes:
    """Return the chunk that tells the usage."""
    total = prompt_tokens + completion_tokens
    told = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": total,
    }
    return _frame([], told)


def _frame(choices: list[dict[str, Any]], told: dict[str, int] | None) -> bytes:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "small",
        "choices": choices,
        **({"usage": told} if told else {}),
    }
    return f"data: {json.dumps(body)}\n\n".encode()


def says(*texts: str, finish_reason: str = "stop") -> list[bytes | Usage]:
    """Return an answer in words."""
    return [
        frame({"role": "assistant", "content": ""}),
        *(frame({"content": text}) for text in texts),
        frame({}, finish_reason),
        usage(7, 3),
        b"data: [DONE]\n\n",
        Usage(7, 3),
    ]


def calls(*functions: tuple[str, str], text: str = "") -> list[bytes | Usage]:
    """Return an answer that calls functions with these arguments, in pieces."""
    frames = [frame({"role": "assistant", "content": text})]
    for index, (name, arguments) in enumerate(functions):
        head = {"index": index, "id": f"call_{index}", "type": "function"}
        begun = {**head, "function": {"name": name, "arguments": ""}}
        frames.append(frame({"tool_calls": [begun]}))
        for piece in (arguments[:3], arguments[3:]):
            more = {"index": index, "function": {"arguments": piece}}
            frames.append(frame({"tool_calls": [more]}))
    return [*frames, frame({}, "tool_calls"), usage(5, 2), b"data: [DONE]\n\n", Usage(5, 2)]
