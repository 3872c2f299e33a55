"""Trains the adapter: `python -m embedded.smollm2.recipe.train`, on one core in about an hour.

What is learnt are the assistant's words in generated conversations. Beside it, the probabilities of
ordinary answers and of plain text are held to those of the untouched model. Each step draws its
samples by its number, so that a training that was stopped goes on as if it had not been.
"""

from __future__ import annotations

import math
import signal
import time
from random import Random

import torch
from torch import Tensor, nn
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from embedded.chat.recipe.render import Batch, batches
from embedded.chat.recipe.sample import SEED
from embedded.chat.recipe.tokenizer import END, single_id
from embedded.smollm2.recipe.adapter import Adapter
from embedded.smollm2.recipe.base import FOLDER, NAME, WORK, load_base
from embedded.smollm2.recipe.encoding import draw_kept_texts, encode
from embedded.smollm2.recipe.mixture import draw_sample
from embedded.smollm2.recipe.own_answers import write_answers
from embedded.training import begin, training_options

WARM_UP = 10
STEPS = 158
RESTARTS = (WARM_UP, 74, 126)
"""The steps from which on the rate falls from its height."""
PARTS = (74, 92, 126)
"""The steps from which on the skills have their second, third and fourth shares."""
RATE, LAST_RATE = 1e-3, 0.05
TOKENS_PER_STEP, TOKENS_AT_ONCE, LONGEST = 2048, 1024, 900
FIRST_KEEP, LAST_KEEP, LATER_KEEP = 2.0, 8.0, 1.0
"""What a change of the kept texts weighs beside what is learnt."""
SAVE_EVERY = 10


def rate(step: int, steps: int) -> float:
    """Warm-up, then down along a cosine, several times."""
    if step < WARM_UP:
        return RATE * (step + 1) / WARM_UP
    return RATE * (
        LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * progress(step, steps)))
    )


def keep(step: int, steps: int) -> float:
    """What a change of the kept texts weighs: more and more, since less and less is learnt."""
    if step >= PARTS[0]:  # they had hardly changed until then
        return LATER_KEEP
    return FIRST_KEEP + (LAST_KEEP - FIRST_KEEP) * progress(step, steps)


def progress(step: int, steps: int) -> float:
    """How much of the way down is behind."""
    first = max((each for each in RESTARTS if each <= step), default=WARM_UP)
    last = min((each for each in RESTARTS if each > step), default=steps)
    return max(0.0, (step - first) / max(1, last - first))


def learn(model: LlamaForCausalLM, batch: Batch, total: float) -> Tensor:
    """The batch's part of the loss; only where something is learnt is a word predicted."""
    states = model.model(batch.ids).last_hidden_state[:, :-1]
    weights = batch.weights[:, 1:]
    wanted = weights > 0
    logits = model.lm_head(states[wanted]).float()
    losses = nn.functional.cross_entropy(logits, batch.ids[:, 1:][wanted], reduction="none")
    return (losses * weights[wanted]).sum() / total


def change(model: LlamaForCausalLM, adapter: Adapter, ids: Tensor, real: Tensor) -> Tensor:
    """How far the probabilities in kept texts are from those of the untouched model."""
    with torch.no_grad(), adapter.leave_out():
        untouched = model(ids).logits[real].float().log_softmax(-1)
    own = model.lm_head(model.model(ids).last_hidden_state[real]).float().log_softmax(-1)
    return nn.functional.kl_div(own, untouched, reduction="batchmean", log_target=True)


def train_step(
    model: LlamaForCausalLM,
    tokenizer: PreTrainedTokenizerFast,
    adapter: Adapter,
    step: int,
    steps: int,
) -> tuple[float, float, int]:
    """The gradients of a step; its loss, the change of the kept texts, and the tokens read."""
    rng = Random(f"{SEED}:{step}")
    end = single_id(tokenizer.convert_tokens_to_ids(END))
    part = sum(step >= first for first in PARTS)
    encoded, read = [], 0
    while read < TOKENS_PER_STEP:
        sample = encode(tokenizer, draw_sample(rng, part))
        if len(sample.ids) <= LONGEST:
            encoded.append(sample)
            read += len(sample.ids)
    made = batches(encoded, end, TOKENS_AT_ONCE)
    total = sum(float(batch.weights[:, 1:].sum()) for batch in made)
    lost = 0.0
    for batch in made:
        loss = learn(model, batch, total)
        loss.backward()
        lost += loss.item()
    kept = draw_kept_texts(tokenizer, rng)
    width = max(map(len, kept))
    ids = torch.full((len(kept), width), end)
    real = torch.zeros((len(kept), width), dtype=torch.bool)
    for row, tokens in enumerate(kept):
        ids[row, : len(tokens)], real[row, : len(tokens)] = torch.tensor(tokens), True
    changed = change(model, adapter, ids, real)
    (keep(step, steps) * changed).backward()
    return lost, changed.item(), read + sum(map(len, kept))


def main() -> None:
    """Train from the command line."""
    options = begin(training_options(__doc__, STEPS), SEED)
    WORK.mkdir(exist_ok=True)
    model, tokenizer = load_base()
    write_answers(model, tokenizer)
    adapter = Adapter(model)
    optimizer = torch.optim.AdamW(adapter.parameters, lr=RATE, betas=(0.9, 0.98), weight_decay=0.0)
    saved = WORK / "checkpoint.pt"
    first, read, spent = 0, 0, 0.0
    if saved.exists() and not options.fresh:
        state = torch.load(saved, weights_only=True)
        adapter.load(state["adapter"])
        optimizer.load_state_dict(state["optimizer"])
        first, read, spent = state["step"], state["read"], state["spent"]
    asked_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked_to_stop.append(number))
    for step in range(first, options.steps):
        began = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = rate(step, options.steps)
        lost, changed, tokens = train_step(model, tokenizer, adapter, step, options.steps)
        nn.utils.clip_grad_norm_(adapter.parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        read, spent = read + tokens, spent + time.perf_counter() - began
        print(
            f"step {step} loss {lost:.4f} change {changed:.4f} tokens {read} {read / spent:.0f}/s"
            f" {spent / 60:.1f} min",
            flush=True,
        )
        if (step + 1) % SAVE_EVERY == 0 or asked_to_stop or step + 1 == options.steps:
            torch.save(
                {
                    "adapter": adapter.state(),
                    "optimizer": optimizer.state_dict(),
                    "step": step + 1,
                    "read": read,
                    "spent": spent,
                },
                saved,
            )
            adapter.write(WORK, NAME)
        if asked_to_stop:
            return
    adapter.write(FOLDER, NAME)


if __name__ == "__main__":
    main()
