"""Trains the adapter: `python -m embedded.smollm2.recipe.train`, on two cores in two hours.

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

WARM_UP = 15
STEPS = 690
FALLS = ((WARM_UP, 400, 1e-3), (400, 570, 5e-4), (570, STEPS, 5e-4))
"""First and last step between which the rate falls along half a cosine, and from where."""
LAST_RATE = 0.03
TOKENS_PER_STEP, TOKENS_AT_ONCE, LONGEST = 2048, 1024, 1000
KEEP, LAST_KEEP = 0.7, 1.5
"""What a change of the kept texts weighs beside what is learnt; more in the last fall."""
SAVE_EVERY = 10


def rate(step: int) -> float:
    """Warm-up, then down along half a cosine, several times."""
    if step < WARM_UP:
        return FALLS[0][2] * (step + 1) / WARM_UP
    first, last, height = next(fall for fall in reversed(FALLS) if step >= fall[0])
    behind = min(1.0, (step - first) / (last - first))
    return height * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * behind)))


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
) -> tuple[float, float, int]:
    """The gradients of a step; its loss, the change of the kept texts, and the tokens read."""
    rng = Random(f"{SEED}:{step}")
    end = single_id(tokenizer.convert_tokens_to_ids(END))
    encoded, read = [], 0
    while read < TOKENS_PER_STEP:
        sample = encode(tokenizer, draw_sample(rng))
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
    ((KEEP if step < FALLS[-1][0] else LAST_KEEP) * changed).backward()
    return lost, changed.item(), read + sum(map(len, kept))


def main() -> None:
    """Train from the command line."""
    options = begin(training_options(__doc__, STEPS), SEED)
    WORK.mkdir(exist_ok=True)
    model, tokenizer = load_base()
    write_answers(model, tokenizer)
    adapter = Adapter(model)
    optimizer = torch.optim.AdamW(
        adapter.parameters, lr=FALLS[0][2], betas=(0.9, 0.98), weight_decay=0.0
    )
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
            group["lr"] = rate(step)
        lost, changed, tokens = train_step(model, tokenizer, adapter, step)
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
