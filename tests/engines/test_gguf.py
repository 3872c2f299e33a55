"""GGUF files: the converted model is the one that the file was made of, and vLLM serves it."""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deployments.chat.config import ChatConfig
from deployments.chat.vllm.gguf.cache import SOURCE, convert_once
from deployments.chat.vllm.gguf.header import ARCHITECTURES, QUANTIZATIONS, read_header
from deployments.chat.vllm.gguf.rope import find_rope_scaling
from tests.support.tiny_gguf import make_model, vocabulary, write_gguf
from wire.calls import Call, Operation
from wire.errors import ModelLoadError

ROUNDING = 2e-3
"""Of bfloat16 on the norms that are stored with an offset, in the logits."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOMEPORT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "gguf"


def convert(path: Path, directory: Path) -> Any:
    """Convert a file in this process, and return the model in the precision of the original."""
    import torch
    from transformers import AutoModelForCausalLM

    from deployments.chat.vllm.gguf import converter

    converter.convert(path, directory)
    return AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_converted_model_computes_what_the_original_does(architecture: str, tmp_path: Path) -> None:
    import torch
    from vllm import ModelRegistry

    original = make_model(architecture)
    path = write_gguf(tmp_path / "model.gguf", original, architecture)

    converted = convert(path, tmp_path / "converted")

    tokens = torch.arange(3, 103)[None]
    with torch.no_grad():
        difference = (original(tokens).logits - converted(tokens).logits).abs().max()
    assert difference < ROUNDING
    assert converted.config.architectures[0] in ModelRegistry.get_supported_archs()


@pytest.mark.parametrize("type_", sorted(QUANTIZATIONS))
def test_converted_weights_are_those_of_the_blocks(type_: str, tmp_path: Path) -> None:
    import gguf
    import torch
    from transformers.integrations.gguf.dequant import GGML_NAME, dequantize

    original = make_model("qwen2")
    path = write_gguf(tmp_path / "model.gguf", original, "qwen2", type_)
    name = "model.layers.1.mlp.down_proj.weight"
    (tensor,) = [
        tensor for tensor in gguf.GGUFReader(path).tensors if tensor.name == "blk.1.ffn_down.weight"
    ]

    converted = convert(path, tmp_path / "converted").state_dict()[name]

    assert tensor.tensor_type.name == type_
    if tensor.tensor_type in GGML_NAME:  # another implementation than the one that converts
        data = torch.from_numpy(np.array(tensor.data).view(np.uint8).reshape(-1))
        expected = dequantize(data, int(tensor.tensor_type)).reshape(converted.shape)
        torch.testing.assert_close(converted, expected, rtol=0.01, atol=1e-6)
    else:
        weights = original.state_dict()[name]
        torch.testing.assert_close(converted, weights, rtol=0.01, atol=0.01)


def extend_linearly(writer: Any) -> None:
    from gguf import RopeScalingType

    writer.add_rope_scaling_type(RopeScalingType.LINEAR)
    writer.add_rope_scaling_factor(4.0)


def extend_by_yarn(writer: Any) -> None:
    from gguf import RopeScalingType

    writer.add_rope_scaling_type(RopeScalingType.YARN)
    writer.add_rope_scaling_factor(4.0)
    writer.add_rope_scaling_orig_ctx_len(128)


@pytest.mark.parametrize(
    ("add", "parameters"),
    [
        (extend_linearly, {"rope_type": "linear", "factor": 4.0}),
        (
            extend_by_yarn,
            {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128},
        ),
    ],
)
def test_extension_of_the_context_is_kept(
    add: Any, parameters: dict[str, Any], tmp_path: Path
) -> None:
    path = write_gguf(tmp_path / "model.gguf", make_model("qwen2"), "qwen2", add=add)

    ropes = convert(path, tmp_path / "converted").config.rope_parameters

    assert parameters.items() <= ropes.items()


def llama3_factors(**changes: Any) -> Any:
    """Return the divisors of the frequencies, by the library's own formula."""
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    ropes = {
        "rope_type": "llama3",
        "rope_theta": 10_000.0,
        "factor": 32.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    } | changes
    config = LlamaConfig(hidden_size=256, num_attention_heads=4, rope_parameters=ropes)
    scaled, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    plain = 1 / 10_000.0 ** (np.arange(0, 64, 2) / 64)
    return (plain / scaled.numpy()).astype(np.float32)


def test_context_of_llama_3_is_kept(tmp_path: Path) -> None:
    def add(writer: Any) -> None:
        writer.add_tensor("rope_freqs.weight", llama3_factors())

    path = write_gguf(tmp_path / "model.gguf", make_model("llama"), "llama", add=add)

    ropes = convert(path, tmp_path / "converted").config.rope_parameters

    assert (ropes["rope_type"], ropes["factor"]) == ("llama3", 32.0)


def test_other_extensions_are_refused(tmp_path: Path) -> None:
    def add(writer: Any) -> None:
        writer.add_tensor("rope_factors_long.weight", np.ones(32, np.float32))

    path = write_gguf(tmp_path / "model.gguf", make_model("llama"), "llama", add=add)
    header = read_header(path)

    with pytest.raises(ModelLoadError, match="LongRoPE"):
        find_rope_scaling(header, lambda _: [])
    header.tensors["rope_freqs.weight"] = header.tensors.pop("rope_factors_long.weight")
    with pytest.raises(ModelLoadError, match="other factors"):
        find_rope_scaling(header, lambda _: llama3_factors(high_freq_factor=3.0).tolist())


def test_file_is_converted_once_with_tokenizer_and_ends(cache: Path, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    def add(writer: Any) -> None:
        writer.add_eot_token_id(0)
        writer.add_add_bos_token(True)

    path = write_gguf(tmp_path / "tiny.gguf", make_model("llama"), "llama", "Q8_0", add=add)

    directory = convert_once(path)

    written = (directory / SOURCE).stat().st_mtime_ns
    assert convert_once(path) == directory
    assert (directory / SOURCE).stat().st_mtime_ns == written
    assert directory.parent == cache
    ends = json.loads((directory / "generation_config.json").read_text())["eos_token_id"]
    assert ends == [2, 0]
    tokenizer = AutoTokenizer.from_pretrained(directory)
    assert tokenizer("hey").input_ids == [1, vocabulary().index("he"), vocabulary().index("y")]
    assert tokenizer.apply_chat_template(
        [{"role": "user", "content": "he"}], tokenize=False, add_generation_prompt=True
    ).endswith("<|im_start|>assistant\n")


def test_two_processes_convert_a_file_once(cache: Path, tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", make_model("qwen2"), "qwen2")
    code = (
        "import logging, sys; logging.basicConfig(level=logging.INFO, stream=sys.stdout)\n"
        "from pathlib import Path\n"
        "from deployments.chat.vllm.gguf.cache import convert_once\n"
        f"print('made', convert_once(Path({str(path)!r})))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]

    outputs = [process.communicate(timeout=50)[0] for process in started]

    (directory,) = [each for each in cache.iterdir() if each.is_dir()]
    assert all(f"made {directory}" in output for output in outputs)
    assert sum(f"Converting {path} into" in output for output in outputs) == 1
    assert sum(f"Converting {path}: 100 %" in output for output in outputs) == 1


def test_what_was_made_of_another_state_of_a_file_or_of_none_is_removed(
    cache: Path, tmp_path: Path
) -> None:
    path = write_gguf(tmp_path / "m.gguf", make_model("qwen2"), "qwen2")
    name = f"m-{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    sources = {
        cache / name: path,
        cache / f"{name}.partial": path,
        cache / "gone-1": tmp_path / "gone.gguf",
        cache / "other-1": path.with_name("other.gguf"),
    }
    path.with_name("other.gguf").touch()
    for directory, source in sources.items():
        directory.mkdir(parents=True)
        (directory / SOURCE).write_text(json.dumps({"path": str(source), "size": 1}))

    convert_once(path)

    assert {each.name for each in cache.iterdir() if each.is_dir()} == {"other-1", name}
    assert (cache / name / "model.safetensors").exists()


def test_file_with_other_tensors_than_its_architecture_is_one_line_and_leaves_nothing(
    cache: Path, tmp_path: Path
) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", make_model("qwen2"), "llama")  # it has biases

    with pytest.raises(
        ModelLoadError, match=r"converted: it has 26 tensors; a llama of its sizes has 20\.$"
    ):
        convert_once(path)

    assert [each for each in cache.iterdir() if each.is_dir()] == []


@pytest.mark.timeout(120)
async def test_chat_engine_serves_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deployments.chat.vllm.engine import VLLMEngine

    monkeypatch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    path = write_gguf(tmp_path / "tiny.gguf", make_model("llama"), "llama", "Q4_0")
    body = {"messages": [{"role": "user", "content": "hey"}], "max_tokens": 3, "ignore_eos": True}

    engine = await VLLMEngine.load(
        ChatConfig(model_id="m", model=str(path), engine_kwargs={"enforce_eager": True})
    )
    try:
        reply = await asyncio.wait_for(
            engine.run(Call(Operation.CHAT_COMPLETION, json.dumps(body).encode(), "one")), 30
        )
    finally:
        await engine.close()

    # <|im_start|>user\nhey<|im_end|>\n<|im_start|>assistant\n
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (21, 3)
