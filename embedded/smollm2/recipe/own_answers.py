"""The untouched model's own answers to ordinary questions, which training must not change."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from functools import cache

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from embedded.chat.recipe.render import chat_text, token_ids
from embedded.chat.recipe.sample import Split, chat
from embedded.chat.recipe.tokenizer import END, single_id
from embedded.smollm2.recipe.base import WORK
from embedded.smollm2.recipe.questions import all_questions, questions

KEPT = WORK / "answers.jsonl"
LONGEST = 120
ROWS_AT_ONCE = 16


@dataclass(frozen=True)
class OwnAnswer:
    """A question with the model's answer, which may be cut."""

    question: str
    answer: str
    whole: bool


@torch.inference_mode()
def write_answers(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Have the model answer every question, unless it has."""
    if KEPT.exists():
        return
    end = single_id(tokenizer.convert_tokens_to_ids(END))
    asked, lines, began = all_questions(), [], time.monotonic()
    for first in range(0, len(asked), ROWS_AT_ONCE):
        rows = asked[first : first + ROWS_AT_ONCE]
        prompts = [token_ids(tokenizer, chat_text(tokenizer, chat(q, ""), False)) for q in rows]
        width = max(map(len, prompts))
        ids = torch.full((len(rows), width), end)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, width - len(prompt) :] = torch.tensor(prompt)
            mask[row, width - len(prompt) :] = 1
        made = model.generate(  # pyright: ignore[reportAttributeAccessIssue]
            input_ids=ids,
            attention_mask=mask,
            do_sample=False,
            repetition_penalty=1.1,
            max_new_tokens=LONGEST,
            eos_token_id=end,
            pad_token_id=end,
        )
        for question, row in zip(rows, made, strict=True):
            new = row[width:].tolist()
            whole = end in new
            text = str(tokenizer.decode(new[: new.index(end)] if whole else new)).strip()
            lines.append(json.dumps(asdict(OwnAnswer(question, text, whole))) + "\n")
        print(
            f"own answers: {len(lines)} of {len(asked)}, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    KEPT.write_text("".join(lines))


@cache
def own_answers(split: Split) -> list[OwnAnswer]:
    """The answers to the questions on one side of the split; of those held out, the questions."""
    if split is Split.HELD_OUT:
        return [OwnAnswer(question, "", whole=True) for question in questions(split)]
    rows = [OwnAnswer(**json.loads(line)) for line in KEPT.read_text().splitlines()]
    trained = set(questions(split))
    return [row for row in rows if row.question in trained]
