# pyright: standard
"""Rows of logits, and which tokens are left in them."""

from collections.abc import Sequence

import torch

TOKENS = 60


def random_logits(rows: int, spread: float = 3.0) -> torch.Tensor:
    return torch.randn(rows, TOKENS, generator=torch.Generator().manual_seed(rows)) * spread


def column(values: Sequence[float]) -> torch.Tensor:
    return torch.tensor(values).unsqueeze(-1)


def find_kept(logits: torch.Tensor) -> list[set[int]]:
    return [set(row.isfinite().nonzero().flatten().tolist()) for row in logits]
