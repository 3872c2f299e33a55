"""Makes a random LoRA adapter of the tiny Llama, large enough to change what it says."""

import json
from pathlib import Path

HIDDEN, LAYERS, RANK = 64, 2, 8


def make_tiny_adapter(directory: Path, *, seed: int, hidden: int = HIDDEN) -> Path:
    """Write the adapter to ``directory`` and return it. Another width fits no tiny Llama."""
    import torch
    from safetensors.torch import save_file

    directory.mkdir(parents=True)
    generator = torch.Generator().manual_seed(seed)
    weights: dict[str, torch.Tensor] = {}
    for layer in range(LAYERS):
        for name in ("q_proj", "v_proj"):
            path = f"base_model.model.model.layers.{layer}.self_attn.{name}"
            weights[f"{path}.lora_A.weight"] = torch.randn(RANK, hidden, generator=generator)
            weights[f"{path}.lora_B.weight"] = torch.randn(hidden, RANK, generator=generator)
    save_file(weights, directory / "adapter_model.safetensors")
    facts = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": "tiny",
        "r": RANK,
        "lora_alpha": 4 * RANK,
        "target_modules": ["q_proj", "v_proj"],
        "bias": "none",
    }
    (directory / "adapter_config.json").write_text(json.dumps(facts))
    return directory
