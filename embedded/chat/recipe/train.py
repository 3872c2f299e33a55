"""Trains the embedded chat model from nothing on generated samples and writes its files.

Run as `python -m embedded.chat.recipe.train`; it goes on from its last checkpoint if there is one.
"""

from __future__ import annotations

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from embedded.chat.recipe.evaluate import evaluate
from embedded.chat.recipe.mixture import training_samples
from embedded.chat.recipe.model import Network, llama_config
from embedded.chat.recipe.render import Batch, batches, encode
from embedded.chat.recipe.sample import SEED
from embedded.chat.recipe.tokenizer import END, FOLDER, PAD, load_tokenizer, single_id
from embedded.training import begin, training_options

STEPS = 7600
WARM_UP = 60
# The share of the steps, at the end, over which the learning rate falls to nothing.
COOL_DOWN = 0.32
SAMPLES_PER_STEP = 32
TOKENS_AT_ONCE = 2048
MATRIX_RATE, OTHER_RATE = 2.5e-3, 2e-3
SAVE_EVERY = 50
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def optimizers(network: Network) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for the embedding and the norms."""
    matrices = [p for n, p in network.named_parameters() if p.dim() == 2 and "layers" in n]
    others = [p for n, p in network.named_parameters() if p.dim() != 2 or "layers" not in n]
    # Two of them, with half of the matrices each, so that two cores can step at once.
    muons = [
        torch.optim.Muon(half, lr=MATRIX_RATE, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
        for half in (matrices[::2], matrices[1::2])
    ]
    adam = torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    return [*muons, adam]


def rate(step: int, steps: int) -> float:
    """Warm-up, then constant, then a straight line down to nothing."""
    falling = (steps - step) / max(1.0, COOL_DOWN * steps)
    return min(1.0, (step + 1) / WARM_UP, falling)


def worker_pool(workers: int) -> ThreadPoolExecutor:
    """Threads that each compute whole batches alone.

    The operations are too small to be shared between cores: the cores would wait for each other.
    """
    return ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,))


def gradients(network: Network, batch: Batch, total: float) -> tuple[float, tuple[Tensor, ...]]:
    """The batch's part of the loss, and of the gradients in the shapes of the parameters."""
    loss = network.loss(batch.ids.to(DEVICE), batch.weights.to(DEVICE)) / total
    return loss.item(), torch.autograd.grad(loss, tuple(network.parameters()))


def train_step(
    network: Network,
    tokenizer: PreTrainedTokenizerFast,
    step: int,
    factor: float,
    chosen: list[torch.optim.Optimizer],
    pool: ThreadPoolExecutor,
) -> tuple[float, int]:
    """One step; the mean loss and the number of tokens it read."""
    encoded = [encode(tokenizer, s) for s in training_samples(step, SAMPLES_PER_STEP)]
    made = batches(encoded, single_id(tokenizer.pad_token_id), TOKENS_AT_ONCE)
    total = sum(float(batch.weights[:, 1:].sum()) for batch in made)
    lost = 0.0
    for loss, parts in pool.map(partial(gradients, network, total=total), made):
        lost += loss
        for parameter, part in zip(network.parameters(), parts, strict=True):
            parameter.grad = part if parameter.grad is None else parameter.grad.add_(part)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimizer in chosen:
        peak = MATRIX_RATE if isinstance(optimizer, torch.optim.Muon) else OTHER_RATE
        for group in optimizer.param_groups:
            group["lr"] = peak * factor
    list(pool.map(_step, chosen))
    network.zero_grad(set_to_none=True)
    return lost, sum(len(e.ids) for e in encoded)


def _step(optimizer: torch.optim.Optimizer) -> None:
    optimizer.step()


def write_model(network: Network, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """The model's files in the form that transformers and vLLM load."""
    folder.mkdir(parents=True, exist_ok=True)
    pad = single_id(tokenizer.convert_tokens_to_ids(PAD))
    end = single_id(tokenizer.convert_tokens_to_ids(END))
    llama_config(pad, end).save_pretrained(folder)
    state = {k: v.detach().bfloat16().cpu().contiguous() for k, v in network.state_dict().items()}
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    generation: dict[str, Any] = {"eos_token_id": [end, pad], "pad_token_id": pad}
    generation |= {"do_sample": False, "temperature": 0.0}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")


def check(network: Network, tokenizer: PreTrainedTokenizerFast, count: int) -> str:
    """Held-out scores of the network as it is now, in one line."""
    pad = single_id(tokenizer.convert_tokens_to_ids(PAD))
    model = LlamaForCausalLM(llama_config(pad, single_id(tokenizer.convert_tokens_to_ids(END))))
    model.load_state_dict(network.state_dict(), strict=False)
    model.tie_weights()
    results = evaluate(model.bfloat16().eval(), tokenizer, count)
    return ", ".join(f"{r.skill} {100 * r.right // r.asked}" for r in results)


def main() -> None:
    """Train from the command line."""
    parser = training_options(__doc__, STEPS, threads=2)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the model is written")
    parser.add_argument("--check-every", type=int, default=650, help="steps between checks")
    options = begin(parser, SEED)
    work = FOLDER / "work"
    work.mkdir(exist_ok=True)
    saved = work / "checkpoint.pt"
    resumed = saved.exists() and not options.fresh
    tokenizer = load_tokenizer()
    pool = worker_pool(options.threads)
    network = Network().to(DEVICE)
    chosen = optimizers(network)
    first, read, spent = 0, 0, 0.0
    if resumed:
        state = torch.load(saved, weights_only=True, map_location=DEVICE)
        network.load_state_dict(state["network"])
        for optimizer, held in zip(chosen, state["optimizers"], strict=True):
            optimizer.load_state_dict(held)
        first, read, spent = state["step"], state["read"], state["spent"]
    asked_to_stop: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked_to_stop.append(number))
    for step in range(first, options.steps):
        began = time.perf_counter()
        lost, tokens = train_step(network, tokenizer, step, rate(step, options.steps), chosen, pool)
        spent, read = spent + time.perf_counter() - began, read + tokens
        if step % 10 == 0:
            print(
                f"step {step} loss {lost:.4f} tokens {read} {read / spent:.0f}/s"
                f" {spent / 60:.1f} min",
                flush=True,
            )
        if (step + 1) % SAVE_EVERY == 0 or asked_to_stop:
            held = [optimizer.state_dict() for optimizer in chosen]
            torch.save(
                {
                    "network": network.state_dict(),
                    "optimizers": held,
                    "step": step + 1,
                    "read": read,
                    "spent": spent,
                },
                saved,
            )
        if asked_to_stop:
            return
        if (step + 1) % options.check_every == 0:
            write_model(network, tokenizer, options.folder)
            print(f"held out at {step + 1}: {check(network, tokenizer, 25)}", flush=True)
    write_model(network, tokenizer, options.folder)
    print(f"trained {options.steps} steps, {read} tokens in {spent / 60:.1f} minutes", flush=True)


if __name__ == "__main__":
    main()
