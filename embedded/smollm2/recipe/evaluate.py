"""Measures what the adapter gives and what it costs: `python -m embedded.smollm2.recipe.evaluate`.

The adapter is merged into the model as when it is served. Beside the skills, the perplexity of
prose that no training reads shows how far the model has moved.
"""

from __future__ import annotations

import argparse
import json
import re
from math import exp
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from deployments.chat.vllm.gguf.adapter import merge_adapter
from embedded.chat.recipe.evaluate import answers
from embedded.chat.recipe.render import token_ids
from embedded.chat.recipe.sample import Sample
from embedded.scores import Score, as_table, share
from embedded.smollm2.recipe.base import FOLDER, load_base
from embedded.smollm2.recipe.mixture import SKILLS, Skill, draw_held_out
from embedded.smollm2.recipe.turns import NO_TOOL, no_call
from serve_app.assistants.citations import MARK

PROSE = Path(__file__).with_name("prose.txt")
WINDOW = 1024
MEASURE = "Right"
WORD = re.compile(r"\w+")
CALL = re.compile(r"<tool_call>\n(.*)\n</tool_call>")


def is_right(skill: Skill, sample: Sample, said: str) -> bool:
    """Whether an answer is the expected one, whatever the spaces of its JSON."""
    if skill.generate is no_call:  # in which words is its own matter
        return "<tool_call>" not in said and said.strip() != NO_TOOL
    return parts(said) == parts(sample.answer) or quotes(sample, said)


def quotes(sample: Sample, said: str) -> bool:
    """Whether an answer has the expected marks and words, and more words of what it read only.

    Passages say more than a question asks for: on which day a meeting is, and in which room.
    """
    read = sample.messages[-2]
    expected_marks, marks = (
        [mark[0] for mark in MARK.finditer(text)] for text in (sample.answer, said)
    )
    if read["role"] != "tool" or not marks or marks != expected_marks:
        return False
    expected, words = (set(WORD.findall(text)) for text in (sample.answer, said))
    return expected <= words <= expected | set(WORD.findall(read["content"]))


def parts(answer: str) -> list[Any]:
    """The calls of an answer, or its text."""
    try:
        return [json.loads(call) for call in CALL.findall(answer)] or [answer.strip()]
    except ValueError:
        return [answer]


@torch.inference_mode()
def perplexity(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast) -> tuple[float, int]:
    """The perplexity of the prose, and of how many tokens."""
    ids = token_ids(tokenizer, PROSE.read_text())
    lost, count = 0.0, 0
    for start in range(0, len(ids) - 1, WINDOW):
        window = torch.tensor([ids[start : start + WINDOW + 1]])
        logits = model(window[:, :-1]).logits[0].float()  # pyright: ignore[reportCallIssue]
        lost += torch.nn.functional.cross_entropy(logits, window[0, 1:], reduction="sum").item()
        count += window.shape[1] - 1
    return exp(lost / count), count


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--adapter", type=Path, default=FOLDER, help="folder of the adapter")
    parser.add_argument("--untouched", action="store_true", help="measure the model without it")
    parser.add_argument("--count", type=int, default=50, help="questions for each skill")
    parser.add_argument("--skills", nargs="*", default=[], help="only these skills")
    parser.add_argument("--wrong", type=int, default=0, help="wrong answers to show for each skill")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load_base()
    before, tokens = perplexity(model, tokenizer)
    after = before
    if not options.untouched:
        merge_adapter(model, options.adapter)
        after, _ = perplexity(model, tokenizer)
    print(
        f"perplexity {before:.3f} -> {after:.3f} ({100 * (after / before - 1):+.2f} %)", flush=True
    )
    scores: list[Score] = []
    for skill in SKILLS:
        if options.skills and skill.name not in options.skills:
            continue
        samples = draw_held_out(skill, options.count)
        said = answers(model, tokenizer, samples)
        wrong = [
            (sample, text)
            for sample, text in zip(samples, said, strict=True)
            if not is_right(skill, sample, text)
        ]
        right = len(samples) - len(wrong)
        scores.append(Score(skill.name, share(right, len(samples)), len(samples)))
        print(f"{skill.name}: {right} of {len(samples)}", flush=True)
        for sample, text in wrong[: options.wrong]:
            asked = next(
                each["content"] for each in reversed(sample.messages) if each["role"] == "user"
            )
            print(f"  {asked!r}\n  expected: {sample.answer!r}\n  said:     {text!r}", flush=True)
    change = f"{before:.2f} → {after:.2f} ({100 * (after / before - 1):+.1f} %)"
    scores.append(Score("perplexity of prose, untouched → with the adapter", change, tokens))
    print(as_table(MEASURE, scores))


if __name__ == "__main__":
    main()
