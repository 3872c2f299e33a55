"""How a GGUF file's model extends its context, which transformers does not read from the file."""

from collections.abc import Callable
from math import pi
from typing import Any

from deployments.chat.vllm.gguf.header import Header, Tensor
from wire.errors import ModelLoadError

LLAMA3: dict[str, Any] = {
    "rope_type": "llama3",
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
"""Of Llama 3.1 and later, which differ in ``factor`` only."""
LLAMA3_FACTORS = "rope_freqs.weight"
TOLERANCE = 1e-3


def find_rope_scaling(
    header: Header, read: Callable[[Tensor], list[float]]
) -> dict[str, Any] | None:
    """Return what must be added to the parameters of the rotary embedding, if anything.

    Raises:
        ModelLoadError: the file extends the context in another way.
    """
    if any(name.startswith("rope_factors") for name in header.tensors):
        raise ModelLoadError("LongRoPE, which extends its context, cannot be converted.")
    if LLAMA3_FACTORS in header.tensors:
        return _recognize_llama3(header, read(header.tensors[LLAMA3_FACTORS]))
    kind = header.of_model("rope.scaling.type")
    if kind in (None, "none"):
        return None
    if kind not in ("linear", "yarn"):
        raise ModelLoadError(f"rope.scaling.type '{kind}' cannot be converted.")
    scaling = {"rope_type": kind, "factor": header.of_model("rope.scaling.factor")}
    original = header.of_model("rope.scaling.original_context_length")
    return scaling | ({"original_max_position_embeddings": original} if kind == "yarn" else {})


def _recognize_llama3(header: Header, factors: list[float]) -> dict[str, Any]:
    """Return the parameters that give the factors of the file, one for each frequency."""
    scaling = LLAMA3 | {"factor": max(factors)}
    theta = header.of_model("rope.freq_base") or 10_000.0
    expected = [
        _llama3_factor(theta ** (-index / len(factors)), scaling) for index in range(len(factors))
    ]
    if any(abs(a - b) > TOLERANCE * b for a, b in zip(factors, expected, strict=True)):
        raise ModelLoadError("rope_freqs.weight has other factors than those of Llama 3.")
    return scaling


def _llama3_factor(frequency: float, scaling: dict[str, Any]) -> float:
    """Return by what a frequency is divided: by nothing, by the factor, or in between."""
    turns = scaling["original_max_position_embeddings"] * frequency / (2 * pi)
    low, high, factor = (
        scaling[name] for name in ("low_freq_factor", "high_freq_factor", "factor")
    )
    if turns > high:
        return 1.0
    if turns < low:
        return factor
    smooth = (turns - low) / (high - low)
    return 1 / ((1 - smooth) / factor + smooth)
