"""Turns samples into tokens: what is learnt, and what must stay as the untouched model has it."""

from __future__ import annotations

import pydoc_data.topics
from functools import cache
from random import Random

from transformers import PreTrainedTokenizerFast

from embedded.chat.recipe.render import Encoded, assistant_mask, chat_text, token_ids
from embedded.chat.recipe.sample import Sample, Split, chat
from embedded.chat.recipe.tokenizer import END, single_id
from embedded.smollm2.recipe.own_answers import own_answers
from embedded.smollm2.recipe.turns import CUT

KEPT_TOKENS = 144
"""Of each of the two texts of a step whose probabilities must not change."""


def encode(tokenizer: PreTrainedTokenizerFast, sample: Sample) -> Encoded:
    """A conversation, with what the assistant says marked, except for the ends of cut answers."""
    ids = token_ids(tokenizer, chat_text(tokenizer, sample, with_answer=True))
    wanted = assistant_mask(tokenizer, ids)
    end = single_id(tokenizer.convert_tokens_to_ids(END))
    answers = iter(each for each in sample.messages if each["role"] == "assistant")
    for i, token in enumerate(ids):
        if token == end and wanted[i] and CUT in next(answers):
            wanted[i] = False
    return Encoded(ids, wanted)


@cache
def prose() -> str:
    """Python's own help, which is on every machine that has Python."""
    return "\n\n".join(pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics))


def draw_kept_texts(tokenizer: PreTrainedTokenizerFast, rng: Random) -> list[list[int]]:
    """A conversation and a piece of plain text, of which the model's probabilities must stay."""
    own = rng.choice(own_answers(Split.TRAIN))
    asked = token_ids(tokenizer, chat_text(tokenizer, chat(own.question, own.answer), True))
    if rng.random() < 0.5:
        text = prose()
        start = rng.randrange(len(text) - 2000)
        plain = text[start : start + 2000]
    else:
        plain = "\n\n".join(rng.choice(own_answers(Split.TRAIN)).answer for _ in range(3))
    return [asked[:KEPT_TOKENS], token_ids(tokenizer, plain)[:KEPT_TOKENS]]
