"""Which requests find the beginning of their prompt in the engine's cache."""

import json
from pathlib import Path

import pytest

from deployments.chat.config import ChatConfig
from tests.support.tiny_model import make_tiny_llama
from wire.calls import Call, Operation


async def test_prompt_is_cached_for_its_salt_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deployments.chat.vllm.engine import VLLMEngine

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    engine = await VLLMEngine.load(
        ChatConfig(
            model_id="m",
            model=str(make_tiny_llama(tmp_path / "tiny")),
            engine_kwargs={"enforce_eager": True, "kv_cache_memory_bytes": 2**24},
        )
    )

    async def cached_tokens(operation: Operation, prompt: dict[str, object], salt: str) -> int:
        body = {**prompt, "model": "m", "max_tokens": 1, "cache_salt": salt}
        reply = await engine.run(Call(operation, json.dumps(body).encode(), "one"))
        usage = json.loads(reply.body)["usage"]
        details = usage.get("prompt_tokens_details") or {}
        return details.get("cached_tokens") or usage.get("cache_read_input_tokens") or 0

    long = "many words " * 30
    prompts: dict[Operation, dict[str, object]] = {
        Operation.COMPLETION: {"prompt": long},
        Operation.CHAT_COMPLETION: {"messages": [{"role": "user", "content": long}]},
        Operation.MESSAGE: {"messages": [{"role": "user", "content": f"Hello. {long}"}]},
    }
    try:
        for operation, prompt in prompts.items():
            counts = [await cached_tokens(operation, prompt, salt) for salt in "aab"]
            assert counts[0] == counts[2] == 0, operation
            assert counts[1] > 0, operation
    finally:
        await engine.close()
