"""Writes a model of some kilobytes as llama.cpp's own converter would: a GGUF file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.tiny_model import CHAT_TEMPLATE

SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
MERGED = ("h", "e")
HEADS, KEY_HEADS = 4, 2
SIZES: dict[str, Any] = {
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 2,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KEY_HEADS,
    "max_position_embeddings": 512,
    "bos_token_id": None,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
"""256 is the least that the K types can have in a row."""
WITH_HEAD_SIZE = frozenset({"qwen3", "gemma2", "gemma3"})
OFFSET_NORMS = frozenset({"gemma2", "gemma3"})
CLASSES = {
    "gemma2": "Gemma2",
    "gemma3": "Gemma3Text",
    "llama": "Llama",
    "phi3": "Phi3",
    "qwen2": "Qwen2",
    "qwen3": "Qwen3",
    "starcoder2": "Starcoder2",
}


def make_model(architecture: str) -> Any:
    """Return a model with random weights, in which no two norms are alike."""
    import torch
    import transformers

    name = CLASSES[architecture]
    sizes = SIZES | ({"head_dim": 64} if architecture in WITH_HEAD_SIZE else {})
    if architecture in OFFSET_NORMS:
        sizes |= {"sliding_window": 64, "query_pre_attn_scalar": 64}
    config = getattr(transformers, f"{name}Config")(
        vocab_size=len(vocabulary()), tie_word_embeddings=architecture != "llama", **sizes
    )
    torch.manual_seed(0)
    cls = "Gemma3ForCausalLM" if architecture == "gemma3" else f"{name}ForCausalLM"
    model = getattr(transformers, cls)(config)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.dim() == 1:
                weights.add_(torch.rand_like(weights) / 4)
            weights.copy_(weights.bfloat16())
    return model.eval()


def vocabulary() -> list[str]:
    """Return a token for each byte and each special one, and one that is merged of two."""
    from tokenizers import pre_tokenizers

    return [*SPECIAL, *sorted(pre_tokenizers.ByteLevel.alphabet()), "".join(MERGED)]


def write_gguf(
    path: Path,
    model: Any,
    architecture: str,
    type_: str = "F32",
    *,
    add: Callable[[Any], None] = lambda _: None,
) -> Path:
    """Write a model; matrices as ``type_``. ``add`` may add to the file what it wants."""
    import gguf

    writer = gguf.GGUFWriter(path, architecture)
    _write_sizes(writer, model.config)
    _write_vocabulary(writer)
    (arch,) = [key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture]
    names = gguf.get_tensor_name_map(arch, model.config.num_hidden_layers)
    for name, weights in model.state_dict().items():
        stem, _, suffix = name.rpartition(".")
        if name == "lm_head.weight" and model.config.tie_word_embeddings:
            continue
        values = _as_llama_cpp(architecture, name, weights.numpy())
        kind = gguf.GGMLQuantizationType[type_ if values.ndim == 2 else "F32"]
        data, raw_type = quantize(values, kind)
        writer.add_tensor(f"{names.get_name(stem)}.{suffix}", data, raw_dtype=raw_type)
    add(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def quantize(values: Any, kind: Any) -> tuple[Any, Any]:
    """Return values in a type. For those that only llama.cpp's C makes, random ones instead."""
    import gguf

    try:
        return gguf.quantize(values, kind), kind
    except NotImplementedError:
        block, size = gguf.GGML_QUANT_SIZES[kind]
        rows, columns = values.shape
        data = np.random.default_rng(0).integers(0, 256, (rows, columns // block, size), np.uint8)
        for start in SCALES[kind.name]:
            data[:, :, start : start + 2] = np.array([1e-3], np.float16).view(np.uint8)
        return data.reshape(rows, -1), kind


SCALES = {
    "Q2_K": (80, 82),
    "Q3_K": (108,),
    "Q4_K": (0, 2),
    "Q5_K": (0, 2),
    "Q6_K": (208,),
    "IQ4_NL": (0,),
    "IQ4_XS": (0,),
}
"""Where a block of a type has its scales, which must not be infinite."""


def _as_llama_cpp(architecture: str, name: str, values: Any) -> Any:
    """Return the values of a tensor in the order and with the offset that llama.cpp reads."""
    if architecture == "llama" and name.endswith(("q_proj.weight", "k_proj.weight")):
        heads = HEADS if "q_proj" in name else KEY_HEADS
        halves = values.reshape(heads, 2, -1, values.shape[-1])
        return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(values.shape))
    if architecture in OFFSET_NORMS and name.endswith("norm.weight"):
        return values + 1
    return values


def _write_sizes(writer: Any, config: Any) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    head_size = getattr(config, "head_dim", None) or config.hidden_size // HEADS
    writer.add_rope_dimension_count(head_size)
    writer.add_key_length(head_size)
    writer.add_value_length(head_size)
    ropes = config.rope_parameters
    writer.add_rope_freq_base(ropes.get("full_attention", ropes)["rope_theta"])
    for name in ("rms_norm_eps", "norm_epsilon"):
        if hasattr(config, name):
            add = writer.add_layer_norm_rms_eps if "rms" in name else writer.add_layer_norm_eps
            add(getattr(config, name))
    if getattr(config, "sliding_window", None):
        writer.add_sliding_window(config.sliding_window)


def _write_vocabulary(writer: Any) -> None:
    tokens = vocabulary()
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([3] * len(SPECIAL) + [1] * (len(tokens) - len(SPECIAL)))
    writer.add_token_merges([" ".join(MERGED)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(0)
    writer.add_chat_template(CHAT_TEMPLATE)
