# pyright: standard, reportPrivateImportUsage=false
"""Trains the autoencoder on parts of pictures, from nothing.

    python -m embedded.images.recipe.train_autoencoder [--fresh]

First of the four trainings; its result is ``work/autoencoder``.
"""

import time
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from embedded.images.recipe.model import DEVICE, decode, encode, make_autoencoder, on_device
from embedded.images.recipe.pixels import WORK, as_tensor
from embedded.images.recipe.scenes import EDGE, SEED, SIZES_TO_DRAW, draw, random_scene
from embedded.training import begin, training_options
from embedded.untyped import drop_types

STEPS = 3600
BATCH = 16
CROP = 64
"""Pixels. Convolutions do the same everywhere, so they learn on parts what they do on wholes."""
WHOLE_FROM = 0.45
"""Of all steps: from here on whole pictures, fewer at a step."""
WHOLE_BATCH = 6
PEAK_RATE = 1e-3
SLOWER_FROM = 0.5
"""Of all steps: from here on the rate falls to nothing."""
NOISE = 0.12
"""Of the latents' deviation: how far off the denoiser may be without anyone's seeing it."""
KEEP_EVERY = 250


def pictures_for(step: float, rng: Random) -> torch.Tensor:
    """Return what is learnt from at a step, from 0 to 1 of the way: parts first, the whole later.

    Normalization looks at all of a picture, so parts alone would leave the colours a little off.
    """
    if step < WHOLE_FROM:
        return torch.cat([as_tensor(_picture(rng, (EDGE, EDGE), CROP)) for _ in range(BATCH)])
    size = rng.choice(SIZES_TO_DRAW)
    return torch.cat([as_tensor(_picture(rng, size)) for _ in range(WHOLE_BATCH)])


def _picture(rng: Random, size: tuple[int, int], crop: int = 0) -> Image.Image:
    """Return a picture or a square part of it, a quarter of the parts in a photo's colours."""
    picture = draw(random_scene(rng, held_out=False), rng, size)
    if crop:
        x, y = (rng.randrange(edge - crop + 1) for edge in size)
        picture = picture.crop((x, y, x + crop, y + crop))
    if crop and rng.random() < 0.25:
        levels = np.asarray(picture).astype(np.float32)
        mixed = levels @ np.array([[rng.uniform(-0.2, 1) for _ in range(3)] for _ in range(3)])
        fade = np.linspace(rng.uniform(-60, 60), rng.uniform(-60, 60), len(levels))
        shaded = mixed * 0.7 + fade[:, None, None] + 20
        picture = Image.fromarray(np.clip(shaded, 0, 255).astype(np.uint8))
    return picture


def loss_of(autoencoder: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    """Return how far pictures (B, 3, height, width) are from themselves after noisy latents."""
    with torch.autocast(DEVICE.type, torch.bfloat16):
        latents = encode(autoencoder, pictures)
        spread = latents.detach().float().std()
        noisy = latents + NOISE * spread * torch.randn_like(latents)
        again = decode(autoencoder, noisy).float()
    apart = (again - pictures) * attention_to(pictures)
    size = latents.float().square().mean()
    return apart.abs().mean() + apart.square().mean() + 1e-4 * (size - 1).abs()


def attention_to(pictures: torch.Tensor) -> torch.Tensor:
    """Return how much each pixel matters: all that is not background as much as all that is.

    (B, 3, height, width) to (B, 1, height, width).
    """
    off = (pictures - pictures[:, :, :1, :1]).abs().sum(1, keepdim=True) > 0.2
    share = off.float().mean((1, 2, 3), keepdim=True).clamp(0.04, 0.96)
    return torch.where(off, 0.5 / share, 0.5 / (1 - share))


def finish(autoencoder: AutoencoderKL, rng: Random) -> None:
    """Let it encode without chance, into latents whose mean is zero and whose deviation is one."""
    parts = drop_types(autoencoder)
    channels = parts.config.latent_channels
    into, back = parts.quant_conv, parts.post_quant_conv
    latents = [
        encode(autoencoder, as_tensor(_picture(rng, (EDGE, EDGE))).to(DEVICE)) for _ in range(256)
    ]
    mean = torch.cat(latents).mean((0, 2, 3))
    spread = torch.cat(latents).std((0, 2, 3))
    into.weight[:channels] /= spread[:, None, None, None]
    into.bias[:channels] = (into.bias[:channels] - mean) / spread
    into.weight[channels:] = 0
    into.bias[channels:] = -20  # the logarithm of the variance
    back.bias += (back.weight * mean[None, :, None, None]).sum((1, 2, 3))
    back.weight *= spread[None, :, None, None]
    parts.register_to_config(scaling_factor=1.0)


def main() -> None:
    """Train, or go on where an earlier call stopped."""
    asked = begin(training_options(__doc__, STEPS), SEED)
    WORK.mkdir(exist_ok=True)
    kept = WORK / "autoencoder.pt"
    autoencoder = on_device(make_autoencoder())
    optimizer = torch.optim.AdamW(autoencoder.parameters(), PEAK_RATE, (0.9, 0.99))
    first = 0
    if kept.exists() and not asked.fresh:
        state = torch.load(kept)
        autoencoder.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first = state["step"]
    began = time.monotonic()
    for step in range(first, asked.steps):
        done = step / asked.steps
        rate = PEAK_RATE * min((step + 1) / 100, 1.0, (1.01 - done) / (1 - SLOWER_FROM))
        for group in optimizer.param_groups:
            group["lr"] = rate
        torch.manual_seed(SEED + step)
        loss = loss_of(autoencoder, pictures_for(done, Random(SEED + step)).to(DEVICE))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(autoencoder.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0:
            print(f"{step} {loss.item():.4f} {time.monotonic() - began:.0f} s", flush=True)
        if (step + 1) % KEEP_EVERY == 0 or step + 1 == asked.steps:
            state = {"model": autoencoder.state_dict(), "step": step + 1}
            torch.save({**state, "optimizer": optimizer.state_dict()}, kept)
    with torch.no_grad():
        finish(autoencoder, Random(SEED - 1))
    autoencoder.save_pretrained(WORK / "autoencoder")


if __name__ == "__main__":
    main()
