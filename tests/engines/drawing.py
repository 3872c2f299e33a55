"""The embedded pipeline as an engine, and pictures to give it."""

import json
from io import BytesIO
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from deployments.images.config import ImagesConfig
from deployments.images.diffusers.engine import DiffusersEngine
from wire.calls import Call, Operation, Reply


def configure(**options: Any) -> ImagesConfig:
    torch.set_num_threads(1)
    defaults = {"model": "embedded/images", "default_size": "64x64", "default_steps": 2}
    return ImagesConfig.model_validate({"model_id": "draw", **defaults, **options})


async def load(**options: Any) -> DiffusersEngine:
    return await DiffusersEngine.load(configure(**options))


def call_of(operation: Operation, files: tuple[bytes, ...] = (), **body: Any) -> Call:
    body.setdefault("prompts", [{"positive": "a cat"}])
    return Call(operation, json.dumps(body).encode(), "req_1", files=files)


async def draw(
    engine: DiffusersEngine,
    operation: Operation = Operation.IMAGE_GENERATION,
    *files: bytes,
    **body: Any,
) -> Reply:
    return await engine.run(call_of(operation, files, **body))


def pixels(file: bytes) -> Any:
    return np.asarray(Image.open(BytesIO(file)).convert("RGB")).astype(int)


def png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def photo(size: tuple[int, int] = (96, 64)) -> Image.Image:
    picture = Image.new("RGB", size, "navy")
    ImageDraw.Draw(picture).ellipse((10, 10, 40, 40), fill="orange")
    return picture


def half_mask(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """White, to be drawn anew, in the right half."""
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).rectangle((size[0] // 2, 0, *size), fill=255)
    return mask
