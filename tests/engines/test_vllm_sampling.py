# pyright: standard
"""Locally typical and tail-free sampling: which tokens stay."""

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any, cast

import pytest
import torch
from transformers import TypicalLogitsWarper

from deployments.chat.vllm.sampling import typical, without_tail
from tests.engines.sampling import TOKENS, column, find_kept, random_logits

MASSES = [0.01, 0.2, 0.5, 0.9, 0.999]


def chances(logits: Iterable[float]) -> list[float]:
    weights = [math.exp(logit) for logit in logits]
    return [weight / sum(weights) for weight in weights]


def tail_free_by_definition(logits: list[float], z: float) -> set[int]:
    chance = chances(logits)
    order = sorted(range(len(chance)), key=lambda token: -chance[token])
    slopes = [chance[a] - chance[b] for a, b in pairwise(order)]
    bends = [abs(a - b) for a, b in pairwise(slopes)]
    so_far = 0.0
    for rank, bend in enumerate(bends):
        so_far += bend / sum(bends)
        if so_far > z and rank >= 1:
            return set(order[:rank])
    return set(order)


def typical_by_definition(logits: list[float], mass: float) -> set[int]:
    chance = chances(logits)
    entropy = -sum(p * math.log(p) for p in chance)
    order = sorted(range(len(chance)), key=lambda token: abs(-math.log(chance[token]) - entropy))
    so_far = 0.0
    for rank, token in enumerate(order):
        so_far += chance[token]
        if so_far > mass:
            return set(order[: rank + 1])
    return set(order)


@pytest.mark.parametrize("spread", [0.3, 3.0])
@pytest.mark.parametrize(
    ("function", "definition"),
    [(without_tail, tail_free_by_definition), (typical, typical_by_definition)],
)
def test_limit_of_each_row_keeps_what_the_definition_keeps(
    function: Any, definition: Any, spread: float
) -> None:
    logits = random_logits(len(MASSES) * 8, spread)
    limits = MASSES * 8

    result = function(logits, column(limits))

    rows = zip(logits.double().tolist(), limits, strict=True)
    assert find_kept(result) == [definition(row, limit) for row, limit in rows]
    assert torch.equal(result[result.isfinite()], logits[result.isfinite()]), "values stay"


@pytest.mark.parametrize("mass", MASSES)
def test_typical_agrees_with_transformers(mass: float) -> None:
    logits = random_logits(50)

    expected = TypicalLogitsWarper(mass=mass)(*cast("Any", (None, logits)))

    assert torch.equal(typical(logits, column([mass] * 50)), expected)


@pytest.mark.parametrize("function", [without_tail, typical])
def test_row_that_asks_nothing_keeps_every_token(function: Any) -> None:
    logits = random_logits(40, spread=0.01)

    assert torch.equal(function(logits, column([math.inf] * 40)), logits)


@pytest.mark.parametrize("function", [without_tail, typical])
def test_forbidden_tokens_stay_forbidden_and_one_token_is_left(function: Any) -> None:
    logits = torch.full((3, TOKENS), -math.inf)
    logits[0, 7] = 2.0
    logits[1, 4:6] = torch.tensor([1.0, 1.0])
    logits[2, :3] = torch.tensor([5.0, 1.0, -4.0])

    left = find_kept(function(logits, column([0.001] * 3)))

    assert left[0] == {7}
    assert left[1] < {4, 5}
    assert len(left[2]) == 1
    assert left[2] < {0, 1, 2}


def test_equally_likely_tokens_are_kept_by_share() -> None:
    logits = torch.zeros(1, TOKENS)

    assert len(find_kept(without_tail(logits, column([0.51])))[0]) == (TOKENS - 2) // 2
    assert len(find_kept(typical(logits, column([0.5])))[0]) == pytest.approx(TOKENS / 2, abs=1)


def test_two_tokens_have_no_tail() -> None:
    logits = torch.tensor([[3.0, 0.0]])

    assert torch.equal(without_tail(logits, column([0.01])), logits)
