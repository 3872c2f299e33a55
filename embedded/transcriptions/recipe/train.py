# pyright: standard
"""Trains the embedded transcription model from nothing on espeak-ng's speech and writes its files.

    python -m embedded.transcriptions.recipe.train

It goes on from its last checkpoint if there is one. Training begins with short windows,
anywhere in the 30 seconds that a window of Whisper's has; in the end full ones.
"""

import math
import time
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from embedded.training import begin, training_options
from embedded.transcriptions.recipe.export import write_model
from embedded.transcriptions.recipe.lexicon import WORDS
from embedded.transcriptions.recipe.network import Batch, Listener
from embedded.transcriptions.recipe.sentences import SEED
from embedded.transcriptions.recipe.tokenizer import build_tokenizer
from embedded.transcriptions.recipe.windows import (
    FRAMES_PER_SECOND,
    FULL_SECONDS,
    UNHEARD,
    Span,
    Window,
    Windows,
)

FOLDER = Path(__file__).resolve().parents[1]
STEPS = 5600
FULL_FROM = 0.84
"""Share of the steps after which most windows are full ones."""
SHORT_SECONDS = (3, 5, 8, 12)
SECONDS_PER_STEP = 64
WARM_UP = 100
COOL_DOWN = 0.35
MATRIX_RATE, OTHER_RATE = 2e-3, 1.5e-3
SAVE_EVERY = 200
WEIGHTS = {"answer": 1.0, "phonemes": 0.3, "words": 0.5, "finding": 0.2, "hearing": 0.2}


def collate(windows: list[Window], offset: int, pad: int, device: torch.device) -> Batch:
    """Put windows of one length together."""
    rows, length = len(windows), max(len(window.ids) for window in windows)
    ids = torch.full((rows, length), pad)
    targets = torch.full((rows, length), UNHEARD)
    read_spans, spans = torch.zeros((rows, length, 2)), torch.zeros((rows, length, 2))
    frames = len(windows[0].phonemes)
    for row, window in enumerate(windows):
        size = len(window.ids)
        ids[row, :size] = torch.tensor(window.ids)
        targets[row, :size] = torch.tensor(window.targets)
        for place in range(size):
            read_spans[row, place] = _frames_of(window.read_spans[place], frames)
            spans[row, place] = _frames_of(window.spans[place], frames)

    def stack(arrays: list[Any]) -> Tensor:
        return torch.from_numpy(np.stack(arrays)).to(device)

    return Batch(
        stack([window.features for window in windows]),
        stack([window.phonemes for window in windows]),
        stack([window.words for window in windows]),
        ids.to(device),
        targets.to(device),
        read_spans.to(device),
        spans.to(device),
        offset,
    )


def _frames_of(span: Span, frames: int) -> Tensor:
    """Return the first frame of a span and the first after it, (2)."""
    if span is None:
        return torch.zeros(2)
    start = max(0, round(span[0] * FRAMES_PER_SECOND))
    end = min(frames, max(start + 1, round(span[1] * FRAMES_PER_SECOND)))
    return torch.tensor([start, end])


def draw_batch(made: Windows, step: int, steps: int, device: torch.device) -> Batch:
    """Return the batch of a step: the same whenever it is drawn."""
    rng = Random(f"{SEED}:{step}")
    full = step >= FULL_FROM * steps and rng.random() < 0.85
    seconds = FULL_SECONDS if full else rng.choice(SHORT_SECONDS)
    offset = rng.randrange((FULL_SECONDS - seconds) * FRAMES_PER_SECOND + 1)
    windows = [
        made.make(rng, seconds, offset / FRAMES_PER_SECOND)
        for _ in range(max(1, SECONDS_PER_STEP // seconds))
    ]
    return collate(windows, offset, made.end, device)


def optimizers(network: Listener) -> list[torch.optim.Optimizer]:
    """Muon for the matrices inside the layers, AdamW for all else."""

    def inside(name: str, parameter: nn.Parameter) -> bool:
        return parameter.dim() == 2 and ".layers." in name

    learnt = [(n, p) for n, p in network.named_parameters() if p.requires_grad]
    muon = torch.optim.Muon(
        [p for n, p in learnt if inside(n, p)],
        lr=MATRIX_RATE,
        weight_decay=0.02,
        adjust_lr_fn="match_rms_adamw",
    )
    others = [p for n, p in learnt if not inside(n, p)]
    return [muon, torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.98), weight_decay=0.0)]


def rate(step: int, steps: int) -> float:
    """Warm-up, then constant, then half a cosine down to nothing."""
    left = (steps - step) / (COOL_DOWN * steps)
    return min(1.0, (step + 1) / WARM_UP) * (
        1.0 if left >= 1 else 0.5 - 0.5 * math.cos(math.pi * left)
    )


def train_step(
    network: Listener, chosen: list[torch.optim.Optimizer], batch: Batch, factor: float
) -> dict[str, float]:
    """Take one step; the losses before it."""
    kind = batch.features.device.type
    with torch.autocast(kind, dtype=torch.bfloat16), parametrize.cached():
        losses = network.losses(batch)
    loss = torch.stack([WEIGHTS[name] * part for name, part in losses.items()]).sum()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimizer, peak in zip(chosen, (MATRIX_RATE, OTHER_RATE), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = peak * factor
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return {name: part.item() for name, part in losses.items()}


def main() -> None:
    """Train from the command line."""
    parser = training_options(__doc__, STEPS, threads=2)
    parser.add_argument("--until", type=int, help="stop before this step, to go on another time")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the model is written")
    options = begin(parser, SEED)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    saved = FOLDER / "work" / "checkpoint.pt"
    saved.parent.mkdir(exist_ok=True)
    made = Windows(build_tokenizer(WORDS))
    network = Listener(made).to(device)
    chosen = optimizers(network)
    first, spent = 0, 0.0
    if saved.exists() and not options.fresh:
        state = torch.load(saved, weights_only=True)
        network.load_state_dict(state["network"])
        for optimizer, held in zip(chosen, state["optimizers"], strict=True):
            optimizer.load_state_dict(held)
        first, spent = state["step"], state["spent"]
    mean: dict[str, float] = {}
    for step in range(first, options.until or options.steps):
        began = time.perf_counter()
        batch = draw_batch(made, step, options.steps, device)
        losses = train_step(network, chosen, batch, rate(step, options.steps))
        spent += time.perf_counter() - began
        mean = {name: 0.95 * mean.get(name, loss) + 0.05 * loss for name, loss in losses.items()}
        if step % 25 == 0:
            shown = " ".join(f"{name} {loss:.3f}" for name, loss in mean.items())
            print(f"step {step} {shown} {spent / 60:.1f} min", flush=True)
        if (step + 1) % SAVE_EVERY == 0:
            held = [optimizer.state_dict() for optimizer in chosen]
            state = {"network": network.state_dict(), "optimizers": held}
            torch.save(state | {"step": step + 1, "spent": spent}, saved)
    write_model(network.extract_whisper(), options.folder)
    print(f"trained until step {options.until or options.steps} in {spent / 60:.1f} minutes")


if __name__ == "__main__":
    main()
