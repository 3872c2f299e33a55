"""Measures the held-out exact match of each skill and prints it as a Markdown table.

Run as `python -m embedded.chat.recipe.evaluate`; `--update-card` writes the table to the card.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from embedded.chat.recipe.mixture import LONG, draw_held_out_samples, long_held_out_samples
from embedded.chat.recipe.render import chat_text, token_ids
from embedded.chat.recipe.sample import Sample
from embedded.chat.recipe.skills import SKILLS
from embedded.chat.recipe.tokenizer import END, FOLDER, load_tokenizer, single_id
from embedded.scores import Score, as_table, share, update_card

ROWS_AT_ONCE, TOKENS_AT_ONCE = 50, 8000
MEASURE = "Exactly right"


@dataclass(frozen=True)
class Result:
    """How one skill did, with the questions that went wrong."""

    skill: str
    right: int
    asked: int
    wrong: tuple[tuple[str, str, str], ...]


def prompt_text(tokenizer: PreTrainedTokenizerFast, sample: Sample) -> str:
    """The text that the model is given before it answers."""
    return chat_text(tokenizer, sample, with_answer=False) if sample.is_chat else sample.prompt


@torch.inference_mode()
def answers(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, samples: list[Sample]
) -> list[str]:
    """The answer of the model to each sample, decoded greedily."""
    prompts = [token_ids(tokenizer, prompt_text(tokenizer, sample)) for sample in samples]
    lengths = [len(token_ids(tokenizer, sample.answer)) for sample in samples]
    said = [""] * len(samples)
    pad, end = single_id(tokenizer.pad_token_id), single_id(tokenizer.convert_tokens_to_ids(END))
    order = sorted(range(len(samples)), key=lambda i: -len(prompts[i]))
    while order:
        # Few long ones at once: they would not fit into a cache, and then it is slow.
        at_once = max(1, min(ROWS_AT_ONCE, TOKENS_AT_ONCE // len(prompts[order[0]])))
        rows, order = order[:at_once], order[at_once:]
        width = max(len(prompts[i]) for i in rows)
        ids = torch.full((len(rows), width), pad)
        for row, i in enumerate(rows):
            ids[row, width - len(prompts[i]) :] = torch.tensor(prompts[i])
        mask = torch.zeros_like(ids)
        for row, i in enumerate(rows):
            mask[row, width - len(prompts[i]) :] = 1
        out = model.generate(  # pyright: ignore[reportAttributeAccessIssue]
            input_ids=ids,
            attention_mask=mask,
            do_sample=False,
            max_new_tokens=max(lengths[i] for i in rows) + 8,
            eos_token_id=end,
            pad_token_id=pad,
        )
        for row, i in enumerate(rows):
            new = out[row, width:].tolist()
            new = new[: new.index(end)] if end in new else new
            said[i] = str(tokenizer.decode(new))
    return said


def evaluate(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    count: int,
    skills: Collection[str] = (),
) -> list[Result]:
    """Ask `count` held-out questions of each skill, or of the named ones, fewer over long texts."""
    sets = [(skill.name, draw_held_out_samples(skill, count)) for skill in SKILLS]
    sets += [(name, long_held_out_samples(name, count // 4)) for name in LONG]
    results: list[Result] = []
    for name, samples in sets:
        if skills and name not in skills:
            continue
        said = answers(model, tokenizer, samples)
        wrong = tuple(
            (prompt_text(tokenizer, sample), sample.answer, text)
            for sample, text in zip(samples, said, strict=True)
            if text != sample.answer
        )
        results.append(Result(name, len(samples) - len(wrong), len(samples), wrong))
    return results


def as_scores(results: list[Result]) -> list[Score]:
    """One score for each skill, one for all skills, and those in long prompts."""
    skills = [result for result in results if result.skill not in LONG]
    right, asked = sum(r.right for r in skills), sum(r.asked for r in skills)
    each = {r.skill: Score(r.skill, share(r.right, r.asked), r.asked) for r in results}
    return [
        *(each[r.skill] for r in skills),
        *([Score("**all skills**", f"**{share(right, asked)}**", asked)] if asked else []),
        *(each[r.skill] for r in results if r.skill in LONG),
    ]


def main() -> None:
    """Measure a model from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=FOLDER, help="folder of the model")
    parser.add_argument("--count", type=int, default=100, help="questions for each skill")
    parser.add_argument("--skills", nargs="*", default=(), help="only these skills")
    parser.add_argument("--wrong", type=int, default=0, help="wrong answers to show for each skill")
    parser.add_argument("--update-card", action="store_true", help="write the table to README.md")
    options = parser.parse_args()
    tokenizer = load_tokenizer()
    model = LlamaForCausalLM.from_pretrained(options.model, dtype=torch.bfloat16).eval()
    results = evaluate(model, tokenizer, options.count, options.skills)
    for result in results:
        for prompt, expected, said in result.wrong[: options.wrong]:
            print(f"[{result.skill}]\n{prompt}\n  expected: {expected!r}\n  said:     {said!r}\n")
    table = as_table(MEASURE, as_scores(results))
    print(table)
    if options.update_card:
        update_card(table, options.model / "README.md")


if __name__ == "__main__":
    main()
