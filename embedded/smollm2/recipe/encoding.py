"""Turns samples into tokens: what is learnt, and what must stay as the untouched model has it."""

from __future__ import annotations

import pydoc_data.topics
from functools import cache
from random import Random

from transformers import PreTrainedTokenizerFast

from embedded.chat.recipe.render import Encoded, assistant_mask, chat_text, token_ids
from embedded.chat.recipe.sample import Sample, Split, chat
from embedded.chat.recipe.skills import reading
from embedded.chat.recipe.tokenizer import END, single_id
from embedded.smollm2.recipe.cited import NOT_IN_TEXT, NOT_THERE, some_passage
from embedded.smollm2.recipe.own_answers import own_answers
from embedded.smollm2.recipe.turns import CUT, NO_TOOL

NUM_ANSWERED, NUM_NOT_KNOWN = 3, 2
"""Conversations of a step whose probabilities must not change."""
ANSWERED_TOKENS, PLAIN_TOKENS = 96, 144
"""Of each conversation, and of plain text."""
NOT_KNOWN = (NOT_THERE, NOT_IN_TEXT, NO_TOOL)


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
    """Conversations without tools or passages, and a piece of plain text.

    Some answer what is only true where there are tools or passages: the untouched model would not.
    """
    answered = [rng.choice(own_answers(Split.TRAIN)) for _ in range(NUM_ANSWERED)]
    said = [(own.question, own.answer) for own in answered]
    said += [(ask_without_text(rng), rng.choice(NOT_KNOWN)) for _ in range(NUM_NOT_KNOWN)]
    asked = [token_ids(tokenizer, chat_text(tokenizer, chat(*each), True)) for each in said]
    if rng.random() < 0.5:
        text = prose()
        start = rng.randrange(len(text) - 2000)
        plain = text[start : start + 2000]
    else:
        plain = "\n\n".join(rng.choice(own_answers(Split.TRAIN)).answer for _ in range(3))
    kept = [each[:ANSWERED_TOKENS] for each in asked]
    return [*kept, token_ids(tokenizer, plain)[:PLAIN_TOKENS]]


def ask_without_text(rng: Random) -> str:
    """A question, perhaps one that is otherwise asked about a text."""
    if rng.random() < 0.5:
        return rng.choice(own_answers(Split.TRAIN)).question
    while True:
        if found := reading.choose_questions(
            rng, some_passage(rng, Split.TRAIN, 2), Split.TRAIN, 1
        ):
            return found[0][0]
