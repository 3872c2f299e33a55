"""Turns samples into token ids through the chat template that serves them later."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerFast

from embedded.chat.recipe.sample import Sample
from embedded.chat.recipe.tokenizer import END, START, single_id

LONGEST = 2048


@dataclass(frozen=True)
class Encoded:
    """Token ids and, for each, whether the model is trained to produce it."""

    ids: list[int]
    wanted: list[bool]


@dataclass(frozen=True)
class Batch:
    """Rows of nearly equal length, padded; `weights` is zero where nothing is trained."""

    ids: torch.Tensor
    weights: torch.Tensor
    """Both (B, T): rows, and tokens of the longest row."""


def chat_text(tokenizer: PreTrainedTokenizerFast, sample: Sample, with_answer: bool) -> str:
    """The conversation as text, whole or up to where the answer starts."""
    messages = list(sample.messages if with_answer else sample.messages[:-1])
    return str(
        tokenizer.apply_chat_template(
            messages,
            tools=list(sample.tools) or None,
            tokenize=False,
            add_generation_prompt=not with_answer,
        )
    )


def token_ids(tokenizer: PreTrainedTokenizerFast, text: str) -> list[int]:
    """The tokens of a text as it stands."""
    return tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids


def encode(tokenizer: PreTrainedTokenizerFast, sample: Sample) -> Encoded:
    """The sample as tokens, with what is to be learnt marked."""
    if not sample.is_chat:
        parts = sample.drill or ((sample.prompt, False), (sample.completion, True))
        tokens = [(token_ids(tokenizer, text), wanted) for text, wanted in parts]
        tokens.append(([single_id(tokenizer.eos_token_id)], True))
        return Encoded(
            [token for ids, _ in tokens for token in ids],
            [wanted for ids, wanted in tokens for _ in ids],
        )
    ids = token_ids(tokenizer, chat_text(tokenizer, sample, with_answer=True))
    return Encoded(ids, assistant_mask(tokenizer, ids))


def assistant_mask(tokenizer: PreTrainedTokenizerFast, ids: list[int]) -> list[bool]:
    """True for what the assistant says, its end-of-turn token included."""
    header = token_ids(tokenizer, f"{START}assistant\n")
    end = tokenizer.convert_tokens_to_ids(END)
    wanted = [False] * len(ids)
    inside, i = False, 0
    while i < len(ids):
        if not inside and ids[i : i + len(header)] == header:
            inside, i = True, i + len(header)
            continue
        wanted[i] = inside
        inside = inside and ids[i] != end
        i += 1
    return wanted


def batches(encoded: list[Encoded], pad: int, limit: int) -> list[Batch]:
    """Group by length into batches of at most `limit` padded tokens, longest first.

    Sorting keeps samples apart from each other at no cost: one row holds one sample.
    """
    rows = sorted((e for e in encoded if len(e.ids) <= LONGEST), key=lambda e: -len(e.ids))
    made: list[Batch] = []
    while rows:
        width = -(-len(rows[0].ids) // 8) * 8
        fitting = rows[: max(1, limit // width)]
        # A shorter batch beats much padding, unless it gets too small to keep the cores busy.
        close = [e for i, e in enumerate(fitting) if len(e.ids) > 0.88 * width or i * width < 512]
        chunk, rows = fitting[: len(close)], rows[len(close) :]
        ids = torch.full((len(chunk), width), pad)
        weights = torch.zeros((len(chunk), width))
        for i, row in enumerate(chunk):
            ids[i, : len(row.ids)] = torch.tensor(row.ids)
            wanted = torch.tensor(row.wanted, dtype=torch.float32)
            # Long answers count more than short ones, but not in proportion to their length.
            weights[i, : len(row.ids)] = wanted / wanted.sum().clamp(min=1).sqrt()
        made.append(Batch(ids, weights))
    return made
