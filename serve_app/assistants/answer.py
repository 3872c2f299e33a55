"""Reads a chat model's streamed answer: its text, its calls, why it ended, its usage."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from serve_app.assistants.run_state import NO_USAGE, TokenUsage
from wire.ids import new_id
from wire.sse import read_events


@dataclass(slots=True)
class ToolCall:
    """A call that the model makes."""

    id: str
    name: str
    arguments: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return it as chat completions have it."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(slots=True)
class ChatAnswer:
    """What has been received so far."""

    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    finish_reason: str | None = None
    usage: TokenUsage = NO_USAGE


@dataclass(frozen=True, slots=True)
class Delta:
    """What a chunk adds: text, or a piece of the call of this number."""

    text: str = ""
    call: int | None = None
    begins: bool = False
    """Whether it is the first of its call."""
    arguments: str = ""


async def read_deltas(frames: AsyncGenerator[bytes], answer: ChatAnswer) -> AsyncGenerator[Delta]:
    """Read a stream of chat chunks into ``answer`` and yield what each adds."""
    numbers: dict[int, int] = {}
    async with aclosing(frames):
        async for piece in frames:
            for chunk in read_events(piece):
                if usage := chunk.get("usage"):
                    completion_tokens = usage.get("completion_tokens") or 0
                    tokens = TokenUsage(usage["prompt_tokens"], completion_tokens)
                    answer.usage = tokens
                for choice in chunk["choices"]:
                    answer.finish_reason = choice.get("finish_reason") or answer.finish_reason
                    delta = choice["delta"]
                    if delta.get("content"):
                        yield Delta(text=delta["content"])
                    for call in delta.get("tool_calls") or ():
                        yield _read_call(call, numbers, answer)


def _read_call(call: dict[str, Any], numbers: dict[int, int], answer: ChatAnswer) -> Delta:
    function = call.get("function") or {}
    begins = call["index"] not in numbers
    if begins:
        numbers[call["index"]] = len(answer.calls)
        new = ToolCall(call.get("id") or new_id("call"), function.get("name") or "")
        answer.calls.append(new)
    number = numbers[call["index"]]
    arguments = function.get("arguments") or ""
    answer.calls[number].arguments += arguments
    return Delta(call=number, begins=begins, arguments=arguments)
