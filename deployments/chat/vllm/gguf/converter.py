# pyright: standard
"""Writes the model of a GGUF file as a directory of safetensors in bfloat16.

A program: ``python -m deployments.chat.vllm.gguf.converter FILE DIRECTORY [ADAPTER]``. Its last
line is why it failed.
"""

import os
import sys
import tempfile
from math import prod
from pathlib import Path
from typing import Any

import torch
from tokenizers import processors
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GgufConfig

from deployments.chat.vllm.gguf.adapter import merge_adapter
from deployments.chat.vllm.gguf.header import Header, Tensor, read_header
from deployments.chat.vllm.gguf.rope import LLAMA3_FACTORS, find_rope_scaling
from wire.errors import ModelLoadError
from workers.template import end_with_parent

SPECIAL = "tokenizer.ggml."
ENDS = ("eos_token_id", "eot_token_id", "eom_token_id")
"""Tokens that end an answer: of a text, of a turn, of a message."""

HEAD_SIZES = frozenset({"gemma2", "gemma3", "qwen3"})
"""Architectures whose heads may be larger or smaller than their share of the hidden size."""
LAYERS_OF_27B = {"gemma2": 46, "gemma3": 62}
"""Gemma scales attention by the size of a head, except for its models with 27B weights. llama.cpp
recognizes them by this number, since no file states it."""


def convert(path: Path, directory: Path, adapter: Path | None = None) -> None:
    """Write the model, its tokenizer and its chat template to a directory; merge an adapter."""
    header = read_header(path)
    scaling = find_rope_scaling(header, lambda tensor: _read_floats(path, tensor))
    with tempfile.TemporaryDirectory() as alone:
        # Only the file: transformers would read a configuration beside it.
        Path(alone, "model.gguf").symlink_to(path.resolve())
        options: dict[str, Any] = {"gguf_file": "model.gguf"}
        config = AutoConfig.from_pretrained(alone, **options)
        _correct_head_size(config, header)
        _check_tensors(header, config)
        model = AutoModelForCausalLM.from_pretrained(
            alone,
            config=config,
            dtype=torch.bfloat16,
            quantization_config=GgufConfig(dequantize=True),
            **options,
        )
        tokenizer = AutoTokenizer.from_pretrained(alone, **options)
    if scaling:
        ropes = model.config.rope_parameters
        ropes.get("full_attention", ropes).update(scaling)
    model.generation_config.eos_token_id = _ends(header)
    _set_first_token(tokenizer, header)
    tokenizer.model_max_length = model.config.max_position_embeddings
    if adapter:
        merge_adapter(model, adapter)
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)


def _check_tensors(header: Header, config: Any) -> None:
    """Refuse what transformers would fill with random numbers, or leave out.

    Raises:
        ModelLoadError: the file has other tensors than its architecture.
    """
    with torch.device("meta"):  # without memory for the weights
        weights = list(AutoModelForCausalLM.from_config(config).parameters())
    present = [tensor for name, tensor in header.tensors.items() if name != LLAMA3_FACTORS]
    for what, here, there in (
        ("tensors", len(present), len(weights)),
        ("weights", sum(prod(tensor.shape) for tensor in present), sum(w.numel() for w in weights)),
    ):
        if here != there:
            raise ModelLoadError(
                f"it has {here:,} {what}; a {header.architecture} of its sizes has {there:,}."
            )


def _correct_head_size(config: Any, header: Header) -> None:
    """Set what transformers leaves at the value of one model of the architecture."""
    size = header.of_model("attention.key_length")
    if size is None or header.architecture not in HEAD_SIZES:
        return
    config.head_dim = size
    if header.architecture in LAYERS_OF_27B:
        is_27b = config.num_hidden_layers == LAYERS_OF_27B[header.architecture]
        config.query_pre_attn_scalar = (
            config.hidden_size // config.num_attention_heads if is_27b else size
        )


def _ends(header: Header) -> list[int]:
    ends = (header.metadata.get(SPECIAL + name) for name in ENDS)
    return list(dict.fromkeys(end for end in ends if end is not None))


def _set_first_token(tokenizer: Any, header: Header) -> None:
    """Have the tokenizer begin texts as llama.cpp does; transformers does not read the flag."""
    is_sentencepiece = header.metadata.get(f"{SPECIAL}model") == "llama"
    first = tokenizer.bos_token
    if first and header.metadata.get(f"{SPECIAL}add_bos_token", is_sentencepiece):
        tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
            single=[first, "$A"],
            pair=[first, "$A", first, "$B"],
            special_tokens=[(first, tokenizer.bos_token_id)],
        )


def _read_floats(path: Path, tensor: Tensor) -> list[float]:
    with path.open("rb") as file:
        file.seek(tensor.start)
        return torch.frombuffer(bytearray(file.read(tensor.size)), dtype=torch.float32).tolist()


def _fail(cause: str) -> int:
    sys.stderr.write(f"\n{' '.join(cause.split())}\n")
    return 1


def main() -> int:
    """Convert the file that the command line names, with the adapter if it names one."""
    # With the replica: a killed one cannot end its children.
    end_with_parent(os.getppid())
    path, directory, *adapter = map(Path, sys.argv[1:])
    try:
        convert(path, directory, *adapter)
    except ModelLoadError as error:
        return _fail(str(error))
    except Exception as error:  # noqa: BLE001  whatever the libraries raise of a damaged file
        return _fail(f"{type(error).__name__}: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
