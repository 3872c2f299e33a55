# pyright: standard
"""Trains the autoencoder's decoder further: truer colours from the latents as they are.

    python -m embedded.images.recipe.train_decoder [--fresh]

Third of the four trainings; its result is ``work/decoder``, the whole autoencoder. The latents stay
what they are, so it may as well be done beside or after the training of the denoiser.
"""

import time
from random import Random

import torch
from torch import nn

from embedded.images.recipe.model import DEVICE, decode, encode, load_autoencoder, on_device
from embedded.images.recipe.pixels import WORK, as_tensor
from embedded.images.recipe.scenes import SEED, SIZES_TO_DRAW, Scene, draw, random_scene
from embedded.images.recipe.train_autoencoder import attention_to
from embedded.training import begin, training_options
from embedded.untyped import drop_types

STEPS = 3900
BATCH = 6
PEAK_RATE = 4e-4
NOISE = 0.15
"""Of the latents' deviation: about how far off the denoiser is."""
SMALL = 0.5
"""How many of the pictures must have small things in them."""


def a_scene(rng: Random) -> Scene:
    """Return a scene, more often than not of small things: their corners are what gets lost."""
    small = rng.random() < SMALL
    while True:
        scene = random_scene(rng, held_out=False)
        if scene.size == "small" or not small:
            return scene


def main() -> None:
    """Train and write the autoencoder with its new decoder."""
    asked = begin(training_options(__doc__, STEPS), SEED)
    begun = WORK / "decoder"
    source = begun if begun.exists() and not asked.fresh else WORK / "autoencoder"
    autoencoder = on_device(load_autoencoder(source)).requires_grad_(False)
    parts: tuple[nn.Module, ...] = (autoencoder.decoder, drop_types(autoencoder).post_quant_conv)
    learning = [weight for part in parts for weight in part.requires_grad_(True).parameters()]
    optimizer = torch.optim.AdamW(learning, PEAK_RATE, (0.9, 0.99))
    began, total = time.monotonic(), 0.0
    for step in range(asked.steps):
        for group in optimizer.param_groups:
            group["lr"] = PEAK_RATE * min((step + 1) / 50, 1.01 - step / asked.steps)
        rng = Random(SEED * 3 + step)
        torch.manual_seed(SEED * 3 + step)
        size = rng.choice(SIZES_TO_DRAW)
        scenes = [a_scene(rng) for _ in range(BATCH)]
        pictures = torch.cat([as_tensor(draw(scene, rng, size)) for scene in scenes]).to(DEVICE)
        with torch.autocast(DEVICE.type, torch.bfloat16):
            with torch.no_grad():
                latents = encode(autoencoder, pictures).float()
            # Some of them as they are: what is changed of an upload has been through no denoiser.
            noise = NOISE * rng.random() * torch.randn(latents.shape).to(DEVICE)
            again = decode(autoencoder, latents + noise).float()
        apart = (again - pictures) * attention_to(pictures)
        loss = apart.abs().mean() + apart.square().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learning, 1.0)
        optimizer.step()
        total += loss.item()
        if step % 50 == 49:
            print(f"{step + 1} {total / 50:.4f} {time.monotonic() - began:.0f} s", flush=True)
            total = 0.0
    autoencoder.save_pretrained(WORK / "decoder")


if __name__ == "__main__":
    main()
