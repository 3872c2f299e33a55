"""A LoRA adapter that is merged into a GGUF file's weights."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployments.chat.config import ChatConfig
from deployments.chat.vllm.gguf.adapter import CONFIG, WEIGHTS, find_adapter, merge_adapter
from deployments.chat.vllm.gguf.cache import convert_gguf, convert_once
from tests.support.tiny_gguf import make_model, write_gguf
from wire.errors import ModelLoadError

DOWN_PROJ = "model.layers.1.mlp.down_proj"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOMEPORT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "gguf"


def write_adapter(
    directory: Path, model: Any, path: str = DOWN_PROJ, rank: int = 4, **config: Any
) -> Path:
    """Write an adapter of one matrix, whose factors are drawn at random."""
    import torch
    from safetensors.torch import save_file

    directory.mkdir(exist_ok=True)
    weight = model.get_submodule(path).weight
    name = f"base_model.model.{path}"
    torch.manual_seed(rank)
    factors = {
        f"{name}.lora_A.weight": torch.randn(rank, weight.shape[1]) / 10,
        f"{name}.lora_B.weight": torch.randn(weight.shape[0], rank) / 10,
    }
    save_file(factors, directory / WEIGHTS)
    facts = {"peft_type": "LORA", "r": rank, "lora_alpha": 8, "target_modules": ["down_proj"]}
    (directory / CONFIG).write_text(json.dumps(facts | config))
    return directory


def change_of(directory: Path, scale: float) -> Any:
    from safetensors.torch import load_file

    tensors = load_file(directory / WEIGHTS)
    name = f"base_model.model.{DOWN_PROJ}"
    return tensors[f"{name}.lora_B.weight"] @ tensors[f"{name}.lora_A.weight"] * scale


@pytest.mark.parametrize(("config", "scale"), [({}, 2.0), ({"use_rslora": True}, 4.0)])
def test_change_is_added_to_its_matrix_alone(
    config: dict[str, Any], scale: float, tmp_path: Path
) -> None:
    import torch

    model, untouched = make_model("llama"), make_model("llama")
    untouched.load_state_dict(model.state_dict())
    adapter = write_adapter(tmp_path / "adapter", model, **config)

    merge_adapter(model, adapter)

    for (name, old), new in zip(
        untouched.state_dict().items(), model.state_dict().values(), strict=True
    ):
        expected = old + change_of(adapter, scale) if name == f"{DOWN_PROJ}.weight" else old
        torch.testing.assert_close(new, expected)


def test_converted_file_has_the_adapter_and_a_changed_one_replaces_it(
    cache: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file

    model = make_model("llama")
    path = write_gguf(tmp_path / "tiny.gguf", model, "llama")
    adapter = write_adapter(tmp_path / "adapter", model)

    def convert() -> Any:
        config = ChatConfig(model_id="m", model=str(path), merged_adapter=str(adapter))
        directory = convert_gguf(config)
        assert directory is not None
        return load_file(Path(directory, "model.safetensors"))[f"{DOWN_PROJ}.weight"].float()

    plain = load_file(convert_once(path) / "model.safetensors")[f"{DOWN_PROJ}.weight"].float()
    first = convert()
    assert (first - plain - change_of(adapter, 2.0)).abs().max() < 0.02  # of bfloat16
    write_adapter(adapter, model, rank=8)
    second = convert()

    assert (second - plain - change_of(adapter, 1.0)).abs().max() < 0.02
    assert len([each for each in cache.iterdir() if each.is_dir()]) == 2


def replace(directory: Path, **tensors: Any) -> None:
    from safetensors.torch import load_file, save_file

    save_file(load_file(directory / WEIGHTS) | tensors, directory / WEIGHTS)


def cut(directory: Path) -> None:
    file = directory / WEIGHTS
    file.write_bytes(file.read_bytes()[:100])


def widen(directory: Path) -> None:
    import torch

    replace(directory, **{f"base_model.model.{DOWN_PROJ}.lora_A.weight": torch.zeros(4, 7)})


def add_half(directory: Path) -> None:
    import torch

    replace(directory, **{"base_model.model.lm_head.lora_A.weight": torch.zeros(4, 7)})


def rename_layers(directory: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(directory / WEIGHTS)
    save_file(
        {name.replace("layers.1", "layers.9"): each for name, each in tensors.items()},
        directory / WEIGHTS,
    )


def set_option(**options: Any) -> Callable[[Path], object]:
    def change(directory: Path) -> None:
        facts = json.loads((directory / CONFIG).read_text()) | options
        kept = {name: value for name, value in facts.items() if value is not ...}
        (directory / CONFIG).write_text(json.dumps(kept))

    return change


UNFIT: dict[str, Callable[[Path], object]] = {
    "cannot be read: use_dora is True; only False can be merged": set_option(use_dora=True),
    "cannot be read: peft_type is 'IA3'; only 'LORA'": set_option(peft_type="IA3"),
    "cannot be read: rank_pattern is": set_option(rank_pattern={"up_proj": 2}),
    "cannot be read: it has no 'r'": set_option(r=...),
    "cannot be read: Expecting value": lambda path: (path / CONFIG).write_text(""),
    "cannot be read: Error while deserializing header": cut,
    r"does not fit this model: '\S+down_proj' has the shape \(\d+, \d+\), its change": widen,
    r"does not fit this model: the model has no '\S+layers.9.mlp.down_proj'": rename_layers,
    r"does not fit this model: 'base_model.model.lm_head.lora_B.weight' is of no pair": add_half,
}


@pytest.mark.parametrize("reason", UNFIT)
def test_adapter_that_cannot_be_merged_has_its_reason(reason: str, tmp_path: Path) -> None:
    model = make_model("llama")
    adapter = write_adapter(tmp_path / "adapter", model)
    UNFIT[reason](adapter)

    with pytest.raises(ModelLoadError, match=rf"^the LoRA adapter '\S+' {reason}[^\n]*\.$"):
        merge_adapter(model, adapter)


def test_table_of_tokens_is_not_changed_through_the_head(tmp_path: Path) -> None:
    model = make_model("qwen2")
    adapter = write_adapter(tmp_path / "adapter", model, "lm_head")

    with pytest.raises(ModelLoadError, match="'lm_head' is the table of tokens, too"):
        merge_adapter(model, adapter)


def test_adapter_of_another_model_is_one_line_of_the_engine(cache: Path, tmp_path: Path) -> None:
    model = make_model("qwen2")
    path = write_gguf(tmp_path / "tiny.gguf", model, "qwen2")
    adapter = write_adapter(tmp_path / "adapter", model)
    rename_layers(adapter)

    with pytest.raises(
        ModelLoadError, match=r"^'\S+tiny.gguf' cannot be converted: the LoRA [^\n]+"
    ):
        convert_once(path, adapter)

    assert [each for each in cache.iterdir() if each.is_dir()] == []


def test_adapter_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / CONFIG).write_text("{}")

    with pytest.raises(ModelLoadError, match=f"{WEIGHTS}' is missing"):
        find_adapter(str(tmp_path))
    with pytest.raises(ModelLoadError, match="No model directory at '/nowhere/adapter'"):
        find_adapter("/nowhere/adapter")


def test_adapter_of_another_format_than_gguf_is_refused(tmp_path: Path) -> None:
    adapter = write_adapter(tmp_path / "adapter", make_model("llama"))
    config = ChatConfig(model_id="m", model="embedded/chat", merged_adapter=str(adapter))

    with pytest.raises(ModelLoadError, match="merged_adapter is for GGUF files"):
        convert_gguf(config)
