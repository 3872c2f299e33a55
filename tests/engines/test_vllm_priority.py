# pyright: standard
"""In the real vLLM's queue, owners take turns, and what nobody waits for goes behind."""

import asyncio
import json
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import pytest

from deployments.chat.config import ChatConfig
from deployments.owner import OWNER
from tests.support.tiny_model import make_tiny_llama
from tests.support.waiting import until
from wire.calls import Call, Operation

CONTEXT = 8192
LONG = 8000
"""Tokens of an answer that lasts until its client leaves, even if this process stands still."""


async def load(directory: Path, **engine_kwargs: Any) -> Any:
    from deployments.chat.vllm.engine import VLLMEngine

    options = {"max_model_len": CONTEXT, "enforce_eager": True, "max_num_seqs": 1, **engine_kwargs}
    model = make_tiny_llama(directory, context_length=CONTEXT)
    config = ChatConfig(model_id="m", model=str(model), engine_kwargs=options)
    return await VLLMEngine.load(config)


def call(name: str, max_tokens: int, *, low_priority: bool = False, stream: bool = False) -> Call:
    body = {
        "messages": [{"role": "user", "content": name}],
        "max_completion_tokens": max_tokens,
        "ignore_eos": True,
        "stream": stream,
    }
    return Call(
        Operation.CHAT_COMPLETION, json.dumps(body).encode(), name, low_priority=low_priority
    )


async def test_call_behind_is_answered_after_those_that_came_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    engine = await load(tmp_path)
    ended = list[str]()

    async def ask(name: str, owner: str = "", *, low_priority: bool = False) -> None:
        OWNER.set(owner)
        await engine.run(call(name, 1, low_priority=low_priority))
        ended.append(name)

    async def until_it_has(count: int) -> None:
        await until(lambda: engine.num_unfinished() >= count, every_s=0)

    first = engine.stream(call("first", LONG, stream=True))
    try:
        async with asyncio.TaskGroup() as tasks, aclosing(first):
            await anext(first)  # the engine, which takes one at a time, works on it
            tasks.create_task(ask("behind", low_priority=True))
            await until_it_has(2)
            for number, (name, owner) in enumerate(
                [("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("b2", "b"), ("c1", "c")]
            ):
                tasks.create_task(ask(name, owner))
                await until_it_has(3 + number)
            assert ended == []
    finally:
        await engine.close()

    assert ended == ["a1", "b1", "c1", "a2", "b2", "a3", "behind"]


async def test_owner_who_comes_beside_a_flood_of_whole_answers_waits_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    engine = await load(tmp_path, max_num_seqs=8)

    async def begin(number: int, *, low_priority: bool) -> AsyncExitStack:
        name = f"flood {number}"
        answer = engine.stream(call(name, LONG, low_priority=low_priority, stream=True))
        stack = AsyncExitStack()
        await stack.enter_async_context(aclosing(answer))
        await anext(answer)
        return stack

    async def run_eight(*, low_priority: bool) -> list[AsyncExitStack]:
        OWNER.set("flood")
        return [await begin(number, low_priority=low_priority) for number in range(8)]

    try:
        for owner, is_background in (("quiet", False), ("flood", True), ("quiet", True)):
            running = await run_eight(low_priority=is_background)
            OWNER.set("flood")
            waiting = asyncio.create_task(engine.run(call("waits", 1, low_priority=is_background)))

            OWNER.set(owner)
            await engine.run(call("quiet", 1))

            assert not waiting.done()
            for stack in running:
                await stack.aclose()
            await waiting
    finally:
        await engine.close()
