# pyright: standard
"""The event loop of a chat replica goes on while a large request is read."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import to_json

from deployments.chat.config import ChatConfig
from tests.support.tiny_model import make_tiny_llama
from tests.support.waiting import run_other_tasks
from wire.calls import Call, Operation
from wire.errors import ContextLengthError, InvalidRequestError

HELLO = {"role": "user", "content": "Hello"}
ITEM = {"type": "message", **HELLO}
TEXTS = [{"type": "text", "text": "a"}]
MANY = 5000
MANY_TURNS = 100
"""A request that is read on the loop leaves it some twenty turns."""

TOO_LONG = {
    "messages": (Operation.CHAT_COMPLETION, {"messages": [HELLO] * MANY}),
    "parts": (Operation.CHAT_COMPLETION, {"messages": [{**HELLO, "content": TEXTS * MANY}]}),
    "Anthropic's messages": (Operation.MESSAGE, {"messages": [HELLO] * MANY, "max_tokens": 1}),
    "items": (Operation.RESPONSE, {"input": [ITEM] * MANY, "request_id": "resp_a"}),
}
WRONG = {
    "message": (Operation.CHAT_COMPLETION, "messages", [HELLO] * MANY),
    "item": (Operation.RESPONSE, "input", [ITEM] * MANY),
}


def as_call(operation: Operation, fields: dict[str, Any]) -> Call:
    return Call(operation, to_json({"model": "m", **fields}), "large")


async def load(directory: Path) -> Any:
    from deployments.chat.vllm.engine import VLLMEngine

    options = {"max_model_len": 512, "enforce_eager": True, "max_num_seqs": 4}
    model = make_tiny_llama(directory, context_length=512)
    return await VLLMEngine.load(ChatConfig(model_id="m", model=str(model), engine_kwargs=options))


async def count_turns(engine: Any, call: Call) -> tuple[int, Any]:
    """Answer a call and return how many turns of the loop that left to others, and its end."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await run_other_tasks()

    counting = asyncio.create_task(count())
    try:
        ended = await engine.run(call)
    except (ContextLengthError, InvalidRequestError) as error:
        ended = error
    finally:
        counting.cancel()
    return turns, ended


@pytest.mark.timeout(300)
async def test_loop_has_turns_while_large_requests_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    engine = await load(tmp_path)
    try:
        for name, (operation, fields) in TOO_LONG.items():
            turns, ended = await count_turns(engine, as_call(operation, fields))

            assert isinstance(ended, ContextLengthError), (name, ended)
            assert turns > MANY_TURNS, name

        for name, (operation, field, items) in WRONG.items():
            odd = [*items[:-1], {**items[0], "content": 5}]
            turns, ended = await count_turns(engine, as_call(operation, {field: odd}))

            assert isinstance(ended, InvalidRequestError), (name, ended)
            assert (ended.param or "").startswith(f"{field}[{MANY - 1}]"), (name, ended.param)
            assert turns > MANY_TURNS, name
    finally:
        await engine.close()


def test_texts_of_tokens_are_vllms(tmp_path: Path) -> None:
    from vllm.tokenizers import get_tokenizer
    from vllm.tokenizers.detokenizer_utils import convert_ids_list_to_tokens

    from deployments.chat.vllm.token_texts import decode_each

    tokenizer = get_tokenizer(str(make_tiny_llama(tmp_path, context_length=64)))
    ids = [*range(len(tokenizer)), 0, 1]

    assert decode_each(tokenizer, ids[:3]) == convert_ids_list_to_tokens(tokenizer, ids[:3])
    assert decode_each(tokenizer, ids) == convert_ids_list_to_tokens(tokenizer, ids)
    assert decode_each(tokenizer, []) == []
