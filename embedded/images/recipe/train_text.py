# pyright: standard
"""Trains the text encoder to predict the value of each aspect from a caption.

    python -m embedded.images.recipe.train_text [--fresh]

Second of the four trainings; its result is ``work/text_encoder`` and ``work/tokenizer``. The
denoiser's training leaves it as it is: the words are learnt here, in minutes, and not through
pictures, in hours.
"""

import math
from random import Random

import torch
from torch import nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from embedded.images.recipe.captions import ASPECTS, Caption, caption_of, other_text, words
from embedded.images.recipe.model import (
    DEVICE,
    TEXT_WIDTH,
    make_text_encoder,
    make_tokenizer,
)
from embedded.images.recipe.pixels import WORK
from embedded.images.recipe.scenes import SEED, random_scene
from embedded.training import begin, training_options
from embedded.untyped import drop_types

STEPS = 4000
BATCH = 64
PEAK_RATE = 2e-3
OTHER = 0.08
"""How many texts ask for nothing that can be drawn."""


def a_caption(rng: Random, *, held_out: bool = False) -> Caption:
    """Return a caption of any scene, or a text of no scene."""
    if rng.random() < OTHER:
        return other_text(rng)
    return caption_of(random_scene(rng, held_out=held_out), rng)


def token_numbers(tokenizer: CLIPTokenizer, texts: list[str]) -> torch.Tensor:
    """Return the texts as the pipeline encodes them: (B, T), T being ``TEXT_TOKENS``."""
    return drop_types(tokenizer)(
        texts,
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    ).input_ids


class Reader(nn.Module):
    """The text encoder with a question for each aspect behind it."""

    def __init__(self, encoder: CLIPTextModel) -> None:
        super().__init__()
        self.encoder = encoder
        self.questions = nn.ModuleDict(
            {aspect: nn.Linear(TEXT_WIDTH, len(known)) for aspect, known in ASPECTS.items()}
        )

    def forward(self, numbers: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the answers at the text's end and behind it, where the denoiser may look.

        Of token numbers (B, T), for each aspect (B, 3, what may be answered).
        """
        states = self.encoder(numbers)[0]
        end = numbers.eq(drop_types(self.encoder.config).eos_token_id).int().argmax(dim=1)
        rows = torch.arange(len(numbers), device=numbers.device)
        behind = torch.stack([states[rows, end], states[:, -12], states[:, -1]], dim=1)
        return {aspect: ask(behind) for aspect, ask in self.questions.items()}


def labels_of(captions: list[Caption], aspect: str) -> torch.Tensor:
    """Return which of the aspect's known answers each caption gives, (B)."""
    return torch.tensor([ASPECTS[aspect].index(caption.said[aspect]) for caption in captions])


def accuracy(reader: Reader, tokenizer: CLIPTokenizer, number: int) -> dict[str, float]:
    """Return how often each aspect of captions of held-out scenes is read right."""
    rng = Random(SEED + 7)
    captions = [a_caption(rng, held_out=True) for _ in range(number)]
    numbers = token_numbers(tokenizer, [caption.text for caption in captions])
    with torch.inference_mode():
        answers = reader.eval()(numbers.to(DEVICE))
    reader.train()
    return {
        aspect: (answer[:, -1].argmax(1).cpu() == labels_of(captions, aspect)).float().mean().item()
        for aspect, answer in answers.items()
    }


def main() -> None:
    """Train; it takes so few minutes that nothing is kept on the way."""
    asked = begin(training_options(__doc__, STEPS), SEED)
    WORK.mkdir(exist_ok=True)
    tokenizer = make_tokenizer(words())
    reader = Reader(make_text_encoder(tokenizer)).to(DEVICE)
    optimizer = torch.optim.AdamW(reader.parameters(), PEAK_RATE, weight_decay=0.01)
    for step in range(asked.steps):
        done = step / asked.steps
        rate = PEAK_RATE * min((step + 1) / 100, (1 + math.cos(math.pi * done)) / 2)
        for group in optimizer.param_groups:
            group["lr"] = rate
        rng = Random(SEED + step)
        captions = [a_caption(rng) for _ in range(BATCH)]
        numbers = token_numbers(tokenizer, [caption.text for caption in captions]).to(DEVICE)
        answers = reader(numbers)
        loss = torch.stack(
            [
                functional.cross_entropy(
                    answer.flatten(0, 1),
                    labels_of(captions, aspect).to(DEVICE).repeat_interleave(answer.shape[1]),
                )
                for aspect, answer in answers.items()
            ]
        ).sum()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimizer.step()
        if step % 250 == 249:
            shares = accuracy(reader, tokenizer, 500)
            told = " ".join(f"{aspect} {share:.3f}" for aspect, share in shares.items())
            print(f"{step + 1} {loss.item():.4f} {told}", flush=True)
    reader.encoder.save_pretrained(WORK / "text_encoder")
    tokenizer.save_pretrained(WORK / "tokenizer")


if __name__ == "__main__":
    main()
