"""The adapter: low-rank changes of the upper layers' matrices, kept in peft's format."""

from __future__ import annotations

import json
import math
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import LlamaForCausalLM

RANK, ALPHA = 16, 32
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
FIRST_LAYER = 8
"""Those below stay as they are, which also saves their part of the way back."""
NAMES = ("lora_A", "lora_B")


class Adapted(nn.Module):
    """A matrix with a change of low rank, which can be left out."""

    def __init__(self, inner: nn.Linear) -> None:
        """Start with no change."""
        super().__init__()
        self.inner = inner
        self.lora_A = nn.Parameter(
            torch.randn(RANK, inner.in_features) / math.sqrt(inner.in_features)
        )
        self.lora_B = nn.Parameter(torch.zeros(inner.out_features, RANK))
        self.used = True

    def forward(self, x: Tensor) -> Tensor:
        """The matrix's own product and the change."""
        out = self.inner(x)
        if not self.used:
            return out
        low = nn.functional.linear(x, self.lora_A.to(x.dtype))
        return out + nn.functional.linear(low, self.lora_B.to(x.dtype)) * (ALPHA / RANK)


class Adapter:
    """The changed matrices of a model."""

    def __init__(self, model: LlamaForCausalLM) -> None:
        """Put a change beside each matrix of the upper layers."""
        self.modules: dict[str, Adapted] = {}
        for name, inner in list(model.named_modules()):
            parts = name.split(".")
            if parts[-1] in MODULES and int(parts[2]) >= FIRST_LAYER:
                assert isinstance(inner, nn.Linear)
                adapted = Adapted(inner)
                setattr(model.get_submodule(".".join(parts[:-1])), parts[-1], adapted)
                self.modules[name] = adapted

    @property
    def parameters(self) -> list[nn.Parameter]:
        """What is trained."""
        return [getattr(module, name) for module in self.modules.values() for name in NAMES]

    @contextmanager
    def leave_out(self) -> Generator[None]:
        """The model as it was."""
        for module in self.modules.values():
            module.used = False
        try:
            yield
        finally:
            for module in self.modules.values():
                module.used = True

    def state(self) -> dict[str, Tensor]:
        """The parameters by the names that peft gives them."""
        return {
            f"base_model.model.{path}.{name}.weight": getattr(module, name).detach()
            for path, module in self.modules.items()
            for name in NAMES
        }

    def load(self, state: dict[str, Tensor]) -> None:
        """Take the parameters of a state."""
        with torch.no_grad():
            for key, own in self.state().items():
                own.copy_(state[key])

    def write(self, folder: Path, base: str) -> None:
        """Write the files that peft loads."""
        rounded = {key: value.bfloat16().contiguous() for key, value in self.state().items()}
        save_file(rounded, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        layers = sorted({int(path.split(".")[2]) for path in self.modules})
        config = {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": base,
            "r": RANK,
            "lora_alpha": ALPHA,
            "lora_dropout": 0.0,
            "bias": "none",
            "target_modules": list(MODULES),
            "layers_to_transform": layers,
            "inference_mode": True,
        }
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")
