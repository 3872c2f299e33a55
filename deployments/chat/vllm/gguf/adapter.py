"""A LoRA adapter in peft's format, merged into the weights of a converted model."""

import hashlib
import json
from collections.abc import Mapping
from math import sqrt
from pathlib import Path
from typing import Any

from deployments.config import resolve_model
from wire.errors import ModelLoadError

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
PREFIX = "base_model.model."
DOWN, UP = ".lora_A.weight", ".lora_B.weight"
PLAIN: dict[str, Any] = {
    "peft_type": "LORA",
    "use_dora": False,
    "fan_in_fan_out": False,
    "bias": "none",
    "rank_pattern": {},
    "alpha_pattern": {},
    "modules_to_save": None,
}
"""Values of peft's options for which the change is the product of the two matrices."""


def find_adapter(name: str) -> Path:
    """Return the directory of an adapter.

    Raises:
        ModelLoadError: a file of it is missing.
    """
    directory = Path(resolve_model(name)).resolve()
    for file in (CONFIG, WEIGHTS):
        if not (directory / file).is_file():
            raise ModelLoadError(f"No LoRA adapter at '{name}': '{directory / file}' is missing.")
    return directory


def hash_adapter(directory: Path) -> str:
    """Return what changes with the adapter's content."""
    digest = hashlib.sha256()
    for file in (CONFIG, WEIGHTS):
        digest.update((directory / file).read_bytes())
    return digest.hexdigest()


def merge_adapter(model: Any, directory: Path) -> None:
    """Add an adapter's change to the matrices of a transformers model.

    Raises:
        ModelLoadError: it is no plain LoRA adapter, or it was made for another model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        scale = _read_scale(json.loads((directory / CONFIG).read_text()))
        tensors = load_file(directory / WEIGHTS)
    except (OSError, ValueError, TypeError, KeyError, SafetensorError) as error:
        cause = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise ModelLoadError(f"the LoRA adapter '{directory}' cannot be read: {cause}.") from error
    try:
        for path, down, up in _pairs(tensors):
            _add(model, path, (up.float() @ down.float()) * scale)
    except ValueError as error:
        raise ModelLoadError(
            f"the LoRA adapter '{directory}' does not fit this model: {error}."
        ) from error


def _read_scale(config: Mapping[str, Any]) -> float:
    for option, plain in PLAIN.items():
        value = config.get(option, plain)
        if value != plain and (value or plain):
            raise ValueError(f"{option} is {value!r}; only {plain!r} can be merged")
    rank, alpha = config["r"], config["lora_alpha"]
    return alpha / (sqrt(rank) if config.get("use_rslora") else rank)


def _pairs(tensors: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the matrices' names, each with its two factors."""
    paths = {name.removesuffix(DOWN).removesuffix(UP) for name in tensors}
    expected = {path + end for path in paths for end in (DOWN, UP)}
    if odd := sorted(expected ^ tensors.keys()):
        raise ValueError(f"'{odd[0]}' is of no pair of factors")
    return [
        (path.removeprefix(PREFIX), tensors[path + DOWN], tensors[path + UP])
        for path in sorted(paths)
    ]


def _add(model: Any, path: str, change: Any) -> None:
    import torch

    try:
        weight = model.get_submodule(path).weight
    except AttributeError:
        raise ValueError(f"the model has no '{path}'") from None
    if weight is model.get_input_embeddings().weight:
        raise ValueError(f"'{path}' is the table of tokens, too")
    if weight.shape != change.shape:
        raise ValueError(
            f"'{path}' has the shape {tuple(weight.shape)}, its change {tuple(change.shape)}"
        )
    with torch.no_grad():
        weight.copy_(weight.float() + change)
