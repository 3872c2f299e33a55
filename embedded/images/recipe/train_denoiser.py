# pyright: standard, reportPrivateImportUsage=false
"""Trains the denoiser, the last of the four trainings, and writes the whole pipeline.

    python -m embedded.images.recipe.train_denoiser [--fresh] [--steps N]

Goes on where an earlier call stopped.
"""

import time
from pathlib import Path
from random import Random

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor, AttnProcessor2_0
from diffusers.training_utils import EMAModel

from embedded.images.recipe.captions import caption_of, other_text
from embedded.images.recipe.evaluate import glance
from embedded.images.recipe.lessons import Lessons, make_lessons
from embedded.images.recipe.model import (
    DEVICE,
    denoise,
    load_autoencoder,
    load_text_encoder,
    load_tokenizer,
    make_denoiser,
    make_scheduler,
    on_device,
    save_pipeline,
)
from embedded.images.recipe.pixels import WORK
from embedded.images.recipe.scenes import SEED
from embedded.images.recipe.train_text import token_numbers
from embedded.training import begin, training_options
from embedded.untyped import drop_types

STEPS = 16800
BATCH = 32
PICTURES = 30_000
PEAK_RATE = 1e-3
SLOWER_FROM = 0.7
"""Of all steps: from here on the rate falls to nothing."""
WITHOUT_CAPTION = 0.1
"""How often it learns to draw anything, from which guidance leads away."""
TOWARDS_NOISE = 0.75
"""Less than one: more is learnt where there is more noise, where it is decided what is drawn."""
MEAN_OVER = 0.999
"""Of the weights' running mean, which is what is kept."""
KEEP_EVERY = 250
PIPELINE = Path(__file__).resolve().parents[1]


class Training:
    """The denoiser on its way, and what stays as it is."""

    def __init__(self) -> None:
        self.autoencoder = on_device(load_autoencoder(WORK / "autoencoder").eval())
        self.text_encoder = on_device(load_text_encoder(WORK / "text_encoder").eval())
        self.tokenizer = load_tokenizer(WORK / "tokenizer")
        self.denoiser: UNet2DConditionModel = on_device(make_denoiser())
        if DEVICE.type == "cpu":  # the fused attention's way back takes four times as long there
            drop_types(self.denoiser).set_attn_processor(AttnProcessor())
        self.mean = drop_types(EMAModel)(self.denoiser.parameters(), MEAN_OVER, use_ema_warmup=True)
        self.optimizer = torch.optim.AdamW(
            self.denoiser.parameters(), PEAK_RATE, (0.9, 0.99), weight_decay=0.01, fused=True
        )
        scheduler = make_scheduler()
        self.kept_share: torch.Tensor = scheduler.alphas_cumprod.to(DEVICE)
        """Of the picture in a noisy one, by the timestep."""
        self.step = 0

    def learn(self, lessons: Lessons, rng: Random, rate: float) -> float:
        """Take one step and return its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        chosen = [rng.randrange(len(lessons.scenes)) for _ in range(BATCH)]
        texts = [self._text(lessons, index, rng) for index in chosen]
        clean = lessons.latents[chosen].to(DEVICE).float()
        weight = lessons.weights[chosen].to(DEVICE)[:, None]
        # A timestep in each of as many equal parts: no batch is all early or all late.
        part = ((torch.rand(BATCH) + torch.arange(BATCH)) / BATCH) ** TOWARDS_NOISE
        timesteps = (part * len(self.kept_share)).long().to(DEVICE)
        kept = self.kept_share[timesteps].view(-1, 1, 1, 1)
        noise = torch.randn(clean.shape).to(DEVICE)
        noisy = kept.sqrt() * clean + (1 - kept).sqrt() * noise
        velocity = kept.sqrt() * noise - (1 - kept).sqrt() * clean
        with torch.autocast(DEVICE.type, torch.bfloat16):
            with torch.no_grad():
                states = self.text_encoder(token_numbers(self.tokenizer, texts).to(DEVICE))[0]
            answer = denoise(self.denoiser, noisy, timesteps, states)
        apart = (answer.float() - velocity).square() * weight
        loss = apart.sum() / (weight.sum() * clean.shape[1])
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.denoiser.parameters(), 1.0)
        self.optimizer.step()
        self.mean.step(self.denoiser.parameters())
        self.step += 1
        return loss.item()

    def _text(self, lessons: Lessons, index: int, rng: Random) -> str:
        if rng.random() < WITHOUT_CAPTION:
            return "" if rng.random() < 0.8 else other_text(rng).text
        return caption_of(lessons.scenes[index], rng).text

    def keep(self) -> None:
        """Write down how far it is."""
        parts = {"model": self.denoiser, "mean": self.mean, "optimizer": self.optimizer}
        state = {name: part.state_dict() for name, part in parts.items()} | {"step": self.step}
        torch.save(state, WORK / "denoiser.new")
        (WORK / "denoiser.new").replace(WORK / "denoiser.pt")

    def go_on(self) -> None:
        """Begin where an earlier training stopped."""
        state = torch.load(WORK / "denoiser.pt", map_location=DEVICE)
        self.step = state["step"]
        self.denoiser.load_state_dict(state["model"])
        self.mean.load_state_dict(state["mean"])
        self.mean.to(DEVICE)
        self.optimizer.load_state_dict(state["optimizer"])

    def save(self, directory: Path) -> None:
        """Write the pipeline of the weights' mean."""
        result = make_denoiser()
        drop_types(result).set_attn_processor(AttnProcessor2_0())
        self.mean.copy_to(result.parameters())
        better = WORK / "decoder"
        autoencoder = load_autoencoder(better if better.exists() else WORK / "autoencoder")
        text_encoder = load_text_encoder(WORK / "text_encoder")
        save_pipeline(directory, autoencoder, text_encoder, self.tokenizer, result)


def rate_at(done: float) -> float:
    """Return the learning rate at a share of all steps."""
    return PEAK_RATE * min(1.0, 0.02 + (1 - done) / (1 - SLOWER_FROM))


def main() -> None:
    """Train and write the pipeline; look at held-out captions on the way."""
    options = training_options(__doc__, STEPS)
    options.add_argument("--pictures", type=int, default=PICTURES)
    options.add_argument("--look-every", type=int, default=1000)
    options.add_argument("--directory", type=Path, default=PIPELINE)
    asked = begin(options, SEED)
    training = Training()
    if not asked.fresh and (WORK / "denoiser.pt").exists():
        training.go_on()
    began = time.monotonic()
    lessons = make_lessons(training.autoencoder, Random(SEED + 1 + training.step), asked.pictures)
    print(f"{asked.pictures} pictures after {time.monotonic() - began:.0f} s", flush=True)
    shares = [len(some.scenes) for some in lessons]
    losses: list[float] = []
    while training.step < asked.steps:
        rng = Random(f"{SEED} {training.step}")
        torch.manual_seed(SEED + training.step)
        warm = min(1.0, (training.step + 1) / 200)
        rate = warm * rate_at(training.step / asked.steps)
        losses.append(training.learn(rng.choices(lessons, shares)[0], rng, rate))
        if training.step % 50 == 0:
            told = (
                f"{training.step} {sum(losses) / len(losses):.4f} {time.monotonic() - began:.0f} s"
            )
            print(told, flush=True)
            losses.clear()
        if training.step % KEEP_EVERY == 0:
            training.keep()
        if training.step % asked.look_every == 0:
            training.save(WORK / "pipeline")
            print(glance(WORK / "pipeline", 64, WORK / f"seen-{training.step}.png"), flush=True)
    training.keep()
    training.save(asked.directory)


if __name__ == "__main__":
    main()
