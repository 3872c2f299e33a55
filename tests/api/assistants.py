# pyright: reportDeprecated=false
"""What tests of assistants share: a scripted model's chunks, and what is said in a thread."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from openai import AsyncOpenAI
from openai.types.beta import Assistant
from openai.types.beta.threads import Run

from tests.support.scripted_model import ScriptedModel
from wire.calls import Call, Usage


class Pause(Exception):
    """In a script: the model goes on thinking."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()


class Turns(ScriptedModel):
    """Answers each call with the next of its scripts, the last one again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: list[list[Any]] = []

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        self.script = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        pause = self.script.pop() if isinstance(self.script[-1], Pause) else None
        async for piece in super().stream(call):
            yield piece
        if isinstance(pause, Pause):
            pause.reached.set()
            await asyncio.Event().wait()


async def assistant(client: AsyncOpenAI, **fields: Any) -> Assistant:
    """Make an assistant."""
    return await client.beta.assistants.create(model="small", **fields)


async def ran(client: AsyncOpenAI, text: str = "hi", **fields: Any) -> tuple[str, Run]:
    """Ask an assistant something on a new thread and wait; return the thread and the run."""
    made = await assistant(client, **{k: fields.pop(k) for k in ("tools",) if k in fields})
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": text}])
    run = await client.beta.threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=made.id, poll_interval_ms=20, **fields
    )
    return thread.id, run


async def texts(client: AsyncOpenAI, thread_id: str) -> list[str]:
    """Return what was said in a thread, the first first."""
    page = await client.beta.threads.messages.list(thread_id, order="asc")
    found: list[str] = []
    for message in page.data:
        block = message.content[0]
        assert block.type == "text"
        found.append(block.text.value)
    return found
