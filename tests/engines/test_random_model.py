# pyright: standard
"""The model of random weights that is measured on GPUs, here in a small shape."""

import json
from pathlib import Path

import pytest

from bench.random_model import make
from deployments.chat.config import ChatConfig
from wire.calls import Call, Operation

SMALL = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 32}
OPTIONS = {"load_format": "dummy", "enforce_eager": True, "max_model_len": 256}


async def test_model_without_weights_loads_and_always_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from deployments.chat.vllm.engine import VLLMEngine

    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    directory = make(tmp_path / "random", SMALL | HEADS)
    engine = await VLLMEngine.load(
        ChatConfig(model_id="m", model=str(directory), engine_kwargs=OPTIONS)
    )
    body = {
        "messages": [{"role": "user", "content": "Hello!"}],
        "max_tokens": 16,
        "temperature": 0,
        "ignore_eos": True,
    }
    try:
        answers = [
            json.loads(
                (
                    await engine.run(Call(Operation.CHAT_COMPLETION, json.dumps(body).encode(), n))
                ).body
            )
            for n in ("a", "b")
        ]
    finally:
        await engine.close()

    assert [answer["usage"]["completion_tokens"] for answer in answers] == [16, 16]
    assert answers[0]["choices"] == answers[1]["choices"]
