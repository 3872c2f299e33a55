"""How a chat model gets its memory on a CPU, and what is reported when it cannot be loaded."""

from pathlib import Path
from typing import Any

import pytest

from deployments.chat.config import ChatConfig
from deployments.chat.vllm import memory
from deployments.chat.vllm.causes import clean_message, reason
from tests.support.tiny_model import make_tiny_llama
from wire.calls import Call, Operation
from wire.errors import APIError, ModelLoadError

CONTEXT = 2**16


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_llama(tmp_path_factory.mktemp("long"), context_length=CONTEXT)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VLLM_CPU_KVCACHE_SPACE", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


async def load(model: Path, **options: Any) -> Any:
    from deployments.chat.vllm.engine import VLLMEngine

    return await VLLMEngine.load(
        ChatConfig(model_id="m", model=str(model), engine_kwargs={"enforce_eager": True, **options})
    )


async def test_model_without_a_size_of_its_cache_gets_a_context_that_fits_the_free_memory(
    long: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 2**26)
    short = Call(Operation.COMPLETION, b'{"prompt": "a", "max_tokens": 1}', "one")
    body = b'{"prompt": "%s", "max_tokens": 1}' % (b"a" * CONTEXT)
    engine = await load(long)
    try:
        await engine.run(short)
        with pytest.raises(APIError, match=r"context length is \d+ tokens") as error:
            await engine.run(Call(Operation.COMPLETION, body, "two"))
    finally:
        await engine.close()

    assert error.value.code == "context_length_exceeded"
    assert str(CONTEXT) not in error.value.message.split("However")[0]


@pytest.mark.parametrize(
    "options",
    [{"kv_cache_memory_bytes": 2**30}, {"gpu_memory_utilization": 0.5}],
)
def test_operators_size_of_the_cache_stays(options: dict[str, Any]) -> None:
    assert memory.cache_size(options) == {}


def test_variable_with_the_size_of_the_cache_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "2")

    assert memory.cache_size({}) == {}


def test_large_machine_gives_a_cache_of_some_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 2**38)

    assert memory.cache_size({})["kv_cache_memory_bytes"] == 4 * 2**30


@pytest.mark.parametrize(
    ("limit", "used", "free"),
    [
        ("max", 0, 8 * 2**30),
        (str(2**30), 2**29, 2**29),
        (str(2**40), 0, 8 * 2**30),
        ("100", 200, 0),
    ],
)
def test_free_memory_is_the_containers(tmp_path: Path, limit: str, used: int, free: int) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 16777216 kB\nMemAvailable:    8388608 kB\n")
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text(f"{used}\n")

    assert memory.free_memory(tmp_path, tmp_path) == free


async def test_model_that_fails_in_the_engines_process_reports_the_cause(
    long: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelLoadError, match=f"max seq len \\({CONTEXT}\\)"):
        await load(long, kv_cache_memory_bytes=2**22)

    broken = copy_without_end(long, tmp_path / "broken")
    with pytest.raises(ModelLoadError, match=r"(?i)incomplete|header|buffer"):
        await load(broken)


def copy_without_end(model: Path, directory: Path) -> Path:
    """Copy a model, but its weights only in part."""
    directory.mkdir()
    for file in model.iterdir():
        end = -5000 if file.suffix == ".safetensors" else None
        (directory / file.name).write_bytes(file.read_bytes()[:end])
    return directory


def test_cause_has_its_type_where_the_message_alone_is_unclear() -> None:
    assert reason(KeyError("lm_head.weight")) == "KeyError: 'lm_head.weight'"
    assert reason(ValueError("two\n  lines")) == "two lines"


@pytest.mark.parametrize(
    ("message", "clean"),
    [
        ("Too long. (parameter=input_tokens, value=2049)", "Too long."),
        ("Wrong (twice). (parameter=logit_bias, value=[(1, 2)])", "Wrong (twice)."),
        ("No: [13:37:43] /a/b.cc:83: Regex parsing error", "No: Regex parsing error"),
        ("Nothing (to) remove.", "Nothing (to) remove."),
    ],
)
def test_messages_have_nothing_of_the_librarys_code(message: str, clean: str) -> None:
    assert clean_message(message) == clean
