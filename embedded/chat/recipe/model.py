"""The network that is trained: Llama's, written lean for a CPU, with Llama's parameter names.

Its state can be saved as it is and loaded by `LlamaForCausalLM`.

Shapes: B rows of a batch, T tokens of a row, N wanted tokens of all rows, C the width (`HIDDEN`),
H heads, D numbers of a head (C / H).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import LlamaConfig

from embedded.chat.recipe.tokenizer import MAX_LENGTH, VOCABULARY_SIZE

HIDDEN, LAYERS, HEADS, INNER = 256, 6, 8, 704
SCALE = (HIDDEN // HEADS) ** -0.5


def llama_config(pad: int, end: int) -> LlamaConfig:
    """The configuration under which the trained state is loaded."""
    return LlamaConfig(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=HIDDEN,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        intermediate_size=INNER,
        max_position_embeddings=MAX_LENGTH,
        rms_norm_eps=1e-5,
        rope_theta=10000.0,  # pyright: ignore[reportCallIssue]
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=end,
        pad_token_id=pad,
        architectures=["LlamaForCausalLM"],
        dtype="bfloat16",
    )


@dataclass(frozen=True)
class Places:
    """What attention needs of the positions of a batch."""

    cos: Tensor
    sin: Tensor
    """Both (T, D / 2)."""
    later: Tensor
    """(T, T): minus infinity where the second position comes after the first, else zero."""


def rotate(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """The states (B, H, T, D) turned by their positions; `cos` and `sin` are (T, D / 2)."""
    first, second = states.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


class Norm(nn.RMSNorm):
    """Root-mean-square normalisation with its scale cast to the input's type: the fused kernel."""

    def forward(self, x: Tensor) -> Tensor:
        """Scale to unit root mean square; any shape that ends in C."""
        return functional.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.eps)


class Attention(nn.Module):
    """Causal self-attention with rotary positions."""

    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.k_proj = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.v_proj = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.o_proj = nn.Linear(HIDDEN, HIDDEN, bias=False)

    def forward(self, x: Tensor, places: Places) -> Tensor:
        """Look back from every position: (B, T, C) to (B, T, C)."""
        rows, length, _ = x.shape
        q, k, v = (
            p(x).view(rows, length, HEADS, -1).transpose(1, 2)
            for p in (self.q_proj, self.k_proj, self.v_proj)
        )
        k = rotate(k, places.cos, places.sin)
        # The scale is in the queries: they are far fewer numbers than the scores.
        q = rotate(q, places.cos * SCALE, places.sin * SCALE)
        # Written out: on a CPU in bfloat16 this takes a third of the time of the fused function.
        seen = torch.softmax(q @ k.transpose(-1, -2) + places.later, dim=-1) @ v
        return self.o_proj(seen.transpose(1, 2).reshape(rows, length, HIDDEN))


class FeedForward(nn.Module):
    """The gated feed-forward part of a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(HIDDEN, INNER, bias=False)
        self.up_proj = nn.Linear(HIDDEN, INNER, bias=False)
        self.down_proj = nn.Linear(INNER, HIDDEN, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Transform every position by itself; any shape that ends in C."""
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    """One layer: attention, then the feed-forward part, each on normalised input."""

    def __init__(self) -> None:
        super().__init__()
        self.input_layernorm = Norm(HIDDEN, eps=1e-5)
        self.self_attn = Attention()
        self.post_attention_layernorm = Norm(HIDDEN, eps=1e-5)
        self.mlp = FeedForward()

    def attend(self, x: Tensor, places: Places) -> Tensor:
        """Add the first part to what came in: (B, T, C) to (B, T, C)."""
        return x + self.self_attn(self.input_layernorm(x), places)

    def transform(self, x: Tensor) -> Tensor:
        """Add the second part, position by position; (B, T, C), or (N, C) of single tokens."""
        return x + self.mlp(self.post_attention_layernorm(x))


class Trunk(nn.Module):
    """Embedding, layers and the last normalisation; the embedding is the output layer too."""

    def __init__(self) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(VOCABULARY_SIZE, HIDDEN)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = Norm(HIDDEN, eps=1e-5)


class Network(nn.Module):
    """The whole network; `loss` is the weighted mean over the wanted tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Trunk()
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(parameter, std=0.02 / ((2 * LAYERS) ** 0.5 if deep else 1.0))
        places = torch.arange(MAX_LENGTH, dtype=torch.float32)[:, None]
        width = HIDDEN // HEADS
        angles = places * 10000.0 ** (-torch.arange(0, width, 2) / width)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def places(self, length: int) -> Places:
        """The rotations of the first positions, and the mask that hides what comes later."""
        cos, sin = (self.get_buffer(n)[:length].bfloat16() for n in ("cos", "sin"))
        hidden = torch.full((length, length), float("-inf"), dtype=cos.dtype, device=cos.device)
        return Places(cos, sin, hidden.triu(1))

    def loss(self, ids: Tensor, weights: Tensor) -> Tensor:
        """The weighted sum of the losses, for tokens whose weight is not zero; both are (B, T)."""
        places, wanted = self.places(ids.shape[1]), weights[:, 1:] > 0
        with torch.autocast(ids.device.type, dtype=torch.bfloat16):
            x = self.model.embed_tokens(ids).bfloat16()
            *layers, last = cast("list[Layer]", list(self.model.layers))
            for layer in layers:
                x = layer.transform(layer.attend(x, places))
            # After the last look back only the positions that are to answer are of interest.
            x = last.transform(last.attend(x, places)[:, :-1][wanted])
            logits = functional.linear(self.model.norm(x), self.model.embed_tokens.weight)
        each = functional.cross_entropy(logits.float(), ids[:, 1:][wanted], reduction="none")
        return (each * weights[:, 1:][wanted]).sum()
