# pyright: standard, reportPrivateImportUsage=false
"""What the denoiser learns from: pictures as latents, made once and kept in memory.

Most are whole pictures of a scene. Some are pictures into which a part was drawn: of those only the
part is to be learnt, by what is around it, which is how a masked edit uses the denoiser.
"""

from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from embedded.images.recipe.model import DEVICE, FACTOR, encode
from embedded.images.recipe.pixels import as_tensor
from embedded.images.recipe.scenes import (
    COLOURS,
    PALETTE,
    SIZES_TO_DRAW,
    Scene,
    draw,
    random_scene,
)

PATCHED = 0.2
"""How many pictures have a part drawn into them."""
LEAST_PART = 48
"""Pixels of the edge of such a part."""
THINGS = 3.0
"""How much more a latent of a thing counts than one of the background."""
AT_ONCE = 64


@dataclass
class Lessons:
    """Pictures of one size."""

    scenes: list[Scene]
    latents: torch.Tensor
    """(pictures, 4, rows, columns)."""
    weights: torch.Tensor
    """(pictures, rows, columns). Of each latent in the loss: zero where nothing is to be learnt."""


def make_lessons(autoencoder: AutoencoderKL, rng: Random, number: int) -> list[Lessons]:
    """Return ``number`` pictures in the sizes to draw, each size as often as it is listed."""
    return [
        _of_one_size(
            autoencoder, rng, size, number * SIZES_TO_DRAW.count(size) // len(SIZES_TO_DRAW)
        )
        for size in dict.fromkeys(SIZES_TO_DRAW)
    ]


@torch.inference_mode()
def _of_one_size(
    autoencoder: AutoencoderKL, rng: Random, size: tuple[int, int], number: int
) -> Lessons:
    scenes: list[Scene] = []
    latents: list[torch.Tensor] = []
    weights: list[torch.Tensor] = []
    while len(scenes) < number:
        pictures: list[torch.Tensor] = []
        for _ in range(min(AT_ONCE, number - len(scenes))):
            patched = rng.random() < PATCHED
            scene, picture, weight = _make_patch(rng, size) if patched else _plain(rng, size)
            scenes.append(scene)
            pictures.append(as_tensor(picture))
            weights.append(weight)
        with torch.autocast(DEVICE.type, torch.bfloat16):
            encoded = encode(autoencoder, torch.cat(pictures).to(DEVICE))
        latents.append(encoded.cpu().half())
    return Lessons(scenes, torch.cat(latents), torch.stack(weights))


def _plain(rng: Random, size: tuple[int, int]) -> tuple[Scene, Image.Image, torch.Tensor]:
    scene = random_scene(rng, held_out=False)
    picture = draw(scene, rng, size)
    return scene, picture, _weights(picture, scene)


def _make_patch(rng: Random, size: tuple[int, int]) -> tuple[Scene, Image.Image, torch.Tensor]:
    """Return a scene in a part of a picture that shows something else."""
    columns, rows = size[0] // FACTOR, size[1] // FACTOR
    least = LEAST_PART // FACTOR
    left, right = _span(rng, columns, least)
    top, bottom = _span(rng, rows, least)
    box = (left * FACTOR, top * FACTOR, right * FACTOR, bottom * FACTOR)
    scene = random_scene(rng, held_out=False)
    while scene.place:
        scene = random_scene(rng, held_out=False)
    picture = _surroundings(rng, size, scene)
    picture.paste(draw(scene, rng, size, inside=box).crop(box), box)
    weight = torch.zeros(rows, columns)
    weight[top:bottom, left:right] = _weights(picture, scene)[top:bottom, left:right]
    return scene, picture, weight


def _weights(picture: Image.Image, scene: Scene) -> torch.Tensor:
    """Return, as (rows, columns), ``THINGS`` where there is not just background, elsewhere one."""
    off = np.asarray(picture) != np.array(PALETTE[scene.background], np.uint8)
    rows, columns = picture.height // FACTOR, picture.width // FACTOR
    things = off.any(axis=2).reshape(rows, FACTOR, columns, FACTOR).any(axis=(1, 3))
    return torch.where(torch.from_numpy(things), THINGS, 1.0)


def _surroundings(rng: Random, size: tuple[int, int], scene: Scene) -> Image.Image:
    """Return a picture in which there may be anything, most often before the same background."""
    chance = rng.random()
    if chance < 0.3:
        return Image.new("RGB", size, PALETTE[scene.background])
    background = scene.background if chance < 0.8 else rng.choice(COLOURS)
    other = random_scene(rng, held_out=False)
    return draw(
        Scene(other.colour, other.shape, background, other.size, other.place, other.count),
        rng,
        size,
    )


def _span(rng: Random, length: int, least: int) -> tuple[int, int]:
    first, last = sorted((rng.randint(0, length), rng.randint(0, length)))
    return (first, last) if last - first >= least else _span(rng, length, least)
