"""A chat model's streamed answer, read: its text, its calls, why it ended, what it took."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from wire.ids import new_id
from wire.sse import read_events


@dataclass(slots=True)
class ToolCall:
    """A call that the model makes."""

    id: str
    name: str
    arguments: str = ""

    def written(self) -> dict[str, Any]:
        """Return it as chat completions and required actions have it."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(slots=True)
class Answer:
    """What has come so far."""

    calls: list[ToolCall] = field(default_factory=list[ToolCall])
    finish_reason: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def usage(self) -> dict[str, int]:
        """What it took, as OpenAI says it."""
        total = self.prompt_tokens + self.completion_tokens
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": total,
        }


@dataclass(frozen=True, slots=True)
class Delta:
    """What a chunk adds: text, or a piece of the call of this number."""

    text: str = ""
    call: int | None = None
    begins: bool = False
    """Whether it is the first of its call."""
    arguments: str = ""


async def deltas(frames: AsyncGenerator[bytes], answer: Answer) -> AsyncGenerator[Delta]:
    """Read a stream of chat chunks into ``answer`` and yield what each adds."""
    numbers: dict[int, int] = {}
    async with aclosing(frames):
        async for piece in frames:
            for chunk in read_events(piece):
                if usage := chunk.get("usage"):
                    answer.prompt_tokens = usage["prompt_tokens"]
                    answer.completion_tokens = usage.get("completion_tokens") or 0
                for choice in chunk["choices"]:
                    answer.finish_reason = choice.get("finish_reason") or answer.finish_reason
                    delta = choice["delta"]
                    if delta.get("content"):
                        yield Delta(text=delta["content"])
                    for call in delta.get("tool_calls") or ():
                        yield _of_call(call, numbers, answer)


def _of_call(call: dict[str, Any], numbers: dict[int, int], answer: Answer) -> Delta:
    function = call.get("function") or {}
    begins = call["index"] not in numbers
    if begins:
        numbers[call["index"]] = len(answer.calls)
        made = ToolCall(call.get("id") or new_id("call"), function.get("name") or "")
        answer.calls.append(made)
    number = numbers[call["index"]]
    arguments = function.get("arguments") or ""
    answer.calls[number].arguments += arguments
    return Delta(call=number, begins=begins, arguments=arguments)
