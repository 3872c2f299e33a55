"""A large chat model of random weights, for machines with a GPU, without a download.

Its architecture is that of Llama 3 8B with the embedded model's vocabulary, tokenizer and template.
vLLM generates the weights, the same for all contenders.
"""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

from tests.support.server import LOCAL, ROOT, application

EMBEDDED = ROOT / "embedded" / "chat"
TOKENIZER = (
    "tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json",
)  # fmt: skip
SHAPE = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 4096,
}
ENGINE: dict[str, Any] = {
    "load_format": "dummy",
    "dtype": "bfloat16",
    "max_model_len": 4096,
    "max_num_seqs": 256,
    "gpu_memory_utilization": 0.85,
    "enable_auto_tool_choice": True,
    "tool_call_parser": "hermes",
}


def make(directory: Path, shape: dict[str, int] | None = None) -> Path:
    """Write the model's files, without weights, and return the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in TOKENIZER:
        shutil.copy(EMBEDDED / name, directory)
    config = json.loads((EMBEDDED / "config.json").read_text())
    (directory / "config.json").write_text(json.dumps(config | (shape or SHAPE), indent=1))
    return directory


def on_a_gpu(directory: Path) -> dict[str, Any]:
    """Return configs/test.yaml with this chat model instead of its own, on one GPU."""
    config = copy.deepcopy(LOCAL)
    chat = application(config, "chat")
    chat["args"] |= {
        "model_id": "random-8b",
        "aliases": ["gpt-4o"],
        "model": str(make(directory)),
        "engine_kwargs": ENGINE,
        "max_requests": 512,
    }
    (deployment,) = chat["deployments"]
    options = {"num_cpus": 1, "num_gpus": 1, "runtime_env": {"env_vars": {}}}
    deployment["ray_actor_options"] = options
    return config
