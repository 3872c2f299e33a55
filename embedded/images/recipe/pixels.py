# pyright: standard
"""Pictures as tensors and back, and where the trainings keep what they have reached."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

WORK = Path(__file__).resolve().parents[1] / "work"
"""Git does not keep it."""


def as_tensor(picture: Image.Image) -> torch.Tensor:
    """Return a picture as a batch of one (1, 3, height, width), from -1 to 1."""
    levels = torch.from_numpy(np.asarray(picture.convert("RGB")).copy())
    return levels.permute(2, 0, 1)[None].float() / 127.5 - 1


def as_pictures(batch: torch.Tensor) -> list[Image.Image]:
    """Return the pictures of a batch (B, 3, height, width) that is from -1 to 1."""
    levels = ((batch.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return [Image.fromarray(one.permute(1, 2, 0).cpu().numpy()) for one in levels]


def sheet(pictures: list[Image.Image], columns: int) -> Image.Image:
    """Return pictures beside and below each other, to be looked at."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * (width + 4), rows * (height + 4)), "#888")
    for index, picture in enumerate(pictures):
        whole.paste(picture, (index % columns * (width + 4), index // columns * (height + 4)))
    return whole
