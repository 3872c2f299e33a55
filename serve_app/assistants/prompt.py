"""The prompt of a run: its instructions, what fits of the thread, and the turns so far."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from wire.errors import ContextLengthError
from wire.openai.assistants import SEARCHES

Message = dict[str, Any]
Count = Callable[[Sequence[Message]], Awaitable[int]]
"""Counts the tokens of a prompt."""

FILE_SEARCH = "file_search"
CODE_INTERPRETER = "code_interpreter"
SERVER_TOOLS = (FILE_SEARCH, CODE_INTERPRETER)
"""Functions that the server carries out."""

_SEARCH: Message = {
    "name": FILE_SEARCH,
    "description": "Look for passages in the user's files. Use it before you answer questions that "
    "the files may answer. Write a passage's mark in 【】 behind what you take from it.",
    "parameters": {
        "type": "object",
        "properties": {"query": {"type": "string", "description": "What to look for."}},
        "required": ["query"],
        "additionalProperties": False,
    },
}
_INTERPRETER: Message = {
    "name": CODE_INTERPRETER,
    "description": "Run Python code in a sandbox without a network and see what it prints. The "
    "user's files lie in the working directory; what it writes there is given to the user.",
    "parameters": {
        "type": "object",
        "properties": {"code": {"type": "string", "description": "The program."}},
        "required": ["code"],
        "additionalProperties": False,
    },
}


def chat_tools(tools: Sequence[Message]) -> list[Message]:
    """Return a run's tools as functions of chat completions."""
    functions: dict[str, Message] = {}
    for tool in tools:
        if tool["type"] == "function":
            function = tool["function"]
        else:
            function = _SEARCH if tool["type"] in SEARCHES else _INTERPRETER
        functions[function["name"]] = {"type": "function", "function": function}
    return list(functions.values())


def chat_choice(choice: str | dict[str, Any] | None) -> str | dict[str, Any] | None:
    """Return a run's tool choice as chat completions have it."""
    if choice is None or isinstance(choice, str) or choice["type"] == "function":
        return choice
    name = FILE_SEARCH if choice["type"] in SEARCHES else CODE_INTERPRETER
    return {"type": "function", "function": {"name": name}}


def to_chat_message(message: Message) -> Message:
    """Return a thread's message as one of chat completions; its ``image_file`` parts stay."""
    parts = [
        {"type": "text", "text": part["text"]["value"]} if part["type"] == "text" else part
        for part in message["content"]
    ]
    texts = [part["text"] for part in parts if part["type"] == "text"]
    content: Any = "\n".join(texts) if len(texts) == len(parts) else parts
    return {"role": message["role"], "content": content}


@dataclass(frozen=True, slots=True)
class Prompt:
    """The parts of a prompt, of which only the thread may be cut."""

    instructions: str
    thread: list[Message]
    turns: list[Message]
    """The messages of the model and its tools in this run."""

    def messages(self, dropped: int = 0) -> list[Message]:
        """Return the whole, with so many of the thread's messages left out.

        First those in the middle, the oldest first, then the very first; the last one stays.
        """
        system = [{"role": "system", "content": self.instructions}] if self.instructions else []
        return [*system, *_without_middle(self.thread, dropped), *self.turns]

    async def fit(self, count: Count, limit: int) -> list[Message]:
        """Return as much as fits into ``limit`` tokens.

        Raises:
            ContextLengthError: not even the last message does.
        """
        most = len(self.thread) - 1
        if await count(self.messages()) <= limit:
            return self.messages()
        if most < 1 or await count(self.messages(most)) > limit:
            raise ContextLengthError(
                f"The instructions and the last message take more than {limit} tokens.", "messages"
            )
        too_few, enough = 0, most
        while enough - too_few > 1:
            middle = (too_few + enough) // 2
            if await count(self.messages(middle)) <= limit:
                enough = middle
            else:
                too_few = middle
        return self.messages(enough)


def _without_middle(messages: list[Message], dropped: int) -> list[Message]:
    if not dropped:
        return messages
    rest = messages[1 + dropped :]
    return [messages[0], *rest] if rest else messages[-1:]
