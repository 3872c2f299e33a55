"""Measures the held-out exact match of each skill and prints it as a Markdown table.

Run as `python -m embedded.chat.recipe.evaluate`; `--update-card` writes the table to the card.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from embedded.chat.recipe.mixture import held_out_samples
from embedded.chat.recipe.render import chat_text, token_ids
from embedded.chat.recipe.sample import Sample
from embedded.chat.recipe.skills import SKILLS
from embedded.chat.recipe.tokenizer import END, FOLDER, load_tokenizer

BEGIN_MARK, END_MARK = "<!-- scores: begin -->", "<!-- scores: end -->"
ROWS_AT_ONCE = 50


@dataclass(frozen=True)
class Score:
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
    """What the model says to each sample, decoded greedily."""
    prompts = [token_ids(tokenizer, prompt_text(tokenizer, sample)) for sample in samples]
    lengths = [len(token_ids(tokenizer, sample.answer)) for sample in samples]
    said = [""] * len(samples)
    pad, end = int(tokenizer.pad_token_id), int(tokenizer.convert_tokens_to_ids(END))
    order = sorted(range(len(samples)), key=lambda i: len(prompts[i]))
    for start in range(0, len(order), ROWS_AT_ONCE):
        rows = order[start : start + ROWS_AT_ONCE]
        width = max(len(prompts[i]) for i in rows)
        ids = torch.full((len(rows), width), pad)
        for row, i in enumerate(rows):
            ids[row, width - len(prompts[i]) :] = torch.tensor(prompts[i])
        mask = torch.zeros_like(ids)
        for row, i in enumerate(rows):
            mask[row, width - len(prompts[i]) :] = 1
        out = model.generate(
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
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, count: int
) -> list[Score]:
    """Ask `count` held-out questions of each skill."""
    scores: list[Score] = []
    for skill in SKILLS:
        samples = held_out_samples(skill, count)
        said = answers(model, tokenizer, samples)
        wrong = tuple(
            (prompt_text(tokenizer, sample), sample.answer, text)
            for sample, text in zip(samples, said, strict=True)
            if text != sample.answer
        )
        scores.append(Score(skill.name, len(samples) - len(wrong), len(samples), wrong))
    return scores


def as_table(scores: list[Score]) -> str:
    """The scores as a Markdown table."""
    lines = ["| Skill | Held-out exact match | Questions |", "| --- | ---: | ---: |"]
    lines += [f"| {s.skill} | {100 * s.right / s.asked:.1f} % | {s.asked} |" for s in scores]
    right, asked = sum(s.right for s in scores), sum(s.asked for s in scores)
    return "\n".join([*lines, f"| **all** | **{100 * right / asked:.1f} %** | {asked} |"])


def update_card(table: str, card: Path) -> None:
    """Replace what stands between the two marks of the card."""
    before, rest = card.read_text().split(BEGIN_MARK)
    _, after = rest.split(END_MARK)
    card.write_text(f"{before}{BEGIN_MARK}\n{table}\n{END_MARK}{after}")


def main() -> None:
    """Measure a model from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=FOLDER, help="folder of the model")
    parser.add_argument("--count", type=int, default=100, help="questions for each skill")
    parser.add_argument("--wrong", type=int, default=0, help="wrong answers to show for each skill")
    parser.add_argument("--update-card", action="store_true", help="write the table to README.md")
    options = parser.parse_args()
    tokenizer = load_tokenizer(options.model)
    model = LlamaForCausalLM.from_pretrained(options.model, dtype=torch.bfloat16).eval()
    scores = evaluate(model, tokenizer, options.count)
    for score in scores:
        for prompt, expected, said in score.wrong[: options.wrong]:
            print(f"[{score.skill}]\n{prompt}\n  expected: {expected!r}\n  said:     {said!r}\n")
    table = as_table(scores)
    print(table)
    if options.update_card:
        update_card(table, options.model / "README.md")


if __name__ == "__main__":
    main()
