"""The jobs of an image request, one for each image, checked against the model's limits."""

import math
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from deployments.images.config import MIN_EDGE, ImagesConfig, size_of
from wire.bodies import ImagePrompt, ImagesBody
from wire.errors import InvalidRequestError

NUM_SEEDS = 2**63


@dataclass(frozen=True, slots=True)
class Drawing:
    """How an image is drawn. Only images with equal values share a pass."""

    width: int
    """Pixels, before the image is scaled to the size of its job."""
    height: int
    steps: int
    clip_skip: int
    negative: bool
    """Whether there is a negative prompt: no prompt and an empty one are not the same to all."""


@dataclass(slots=True, eq=False)
class Job:
    """One image to make."""

    prompt: ImagePrompt
    size: tuple[int, int]
    """Width and height of the finished image in pixels."""
    drawing: Drawing
    seed: int
    alone: bool
    """Whether its pixels may depend on nothing but the request."""
    source: Any = None
    """The library's image to begin with, in the finished image's size."""
    mask: Any = None
    """The library's mask, in that size: white is drawn anew."""
    strength: float | None = None
    partial_images: int = 0
    on_partial: Callable[[int, Any], None] | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the loaded model can do, besides what the operator allows."""

    multiple: int
    """Pixels that both edges must be a multiple of."""
    max_clip_skip: int | None
    """None: the pipeline has no such argument."""


def make_jobs(
    body: ImagesBody,
    config: ImagesConfig,
    limits: Limits,
    source_size: tuple[int, int] | None = None,
) -> list[Job]:
    """Return the jobs of a request, in the order of their images.

    ``source_size`` is the size of the image to begin with, which the new one has by default.

    Raises:
        InvalidRequestError: the model cannot do what is asked.
    """
    size = _size(body, config, limits, source_size)
    width, height = _native_size(size, config, limits)
    steps, clip_skip = _steps(body, config), _clip_skip(body, limits)
    first = body.seed if body.seed is not None and body.seed >= 0 else None
    jobs: list[Job] = []
    for prompt in body.prompts:
        drawing = Drawing(width, height, steps, clip_skip, negative=bool(prompt.negative))
        for index in range(body.n):
            seed = secrets.randbelow(2**32) if first is None else (first + index) % NUM_SEEDS
            jobs.append(Job(prompt, size, drawing, seed, alone=first is not None))
    return jobs


def _size(
    body: ImagesBody, config: ImagesConfig, limits: Limits, source_size: tuple[int, int] | None
) -> tuple[int, int]:
    if body.size is None:
        if source_size is None:
            return size_of(config.default_size)
        return _nearest_size(source_size, config, limits)
    width, height = size_of(body.size)
    fits = all(MIN_EDGE <= edge <= config.max_edge for edge in (width, height))
    if not fits:
        raise InvalidRequestError(
            f"Invalid 'size': both edges must be from {MIN_EDGE} to {config.max_edge} pixels, "
            f"received '{body.size}'.",
            "size",
        )
    step = _size_step(config, limits)
    if width % step or height % step:
        nearest = "x".join(str(edge) for edge in _nearest_size((width, height), config, limits))
        raise InvalidRequestError(
            f"Invalid 'size': width and height must be multiples of {step} for this "
            f"model, received '{body.size}'; the nearest is '{nearest}'.",
            "size",
        )
    return width, height


def _nearest_size(size: tuple[int, int], config: ImagesConfig, limits: Limits) -> tuple[int, int]:
    """Return the nearest size of about the same shape that may be asked for."""
    scale = min(1.0, config.max_edge / max(size))
    step = _size_step(config, limits)
    least = -(-MIN_EDGE // step)
    most = config.max_edge // step
    width, height = (min(max(round(edge * scale / step), least), most) * step for edge in size)
    return width, height


def _size_step(config: ImagesConfig, limits: Limits) -> int:
    """Return what edges must be a multiple of: of anything where images are scaled."""
    return 1 if config.native_pixels else limits.multiple


def _native_size(size: tuple[int, int], config: ImagesConfig, limits: Limits) -> tuple[int, int]:
    """Return the size in which an image of this size is drawn."""
    if config.native_pixels is None:
        return size
    scale = math.sqrt(config.native_pixels / (size[0] * size[1]))
    step = limits.multiple
    width, height = (max(1, round(edge * scale / step)) * step for edge in size)
    return width, height


def _steps(body: ImagesBody, config: ImagesConfig) -> int:
    name, number = "step", body.step
    if number is None and isinstance(body.quality, int):
        name, number = "quality", body.quality
    if number is None:
        return config.steps_of(str(body.quality or "auto"))
    if not 1 <= number <= config.max_steps:
        raise InvalidRequestError(
            f"Invalid '{name}': the steps must be from 1 to {config.max_steps}, received {number}.",
            name,
        )
    return number


def _clip_skip(body: ImagesBody, limits: Limits) -> int:
    if body.clip_skip == 0:
        return 0
    if limits.max_clip_skip is None:
        raise InvalidRequestError(
            f"Invalid 'clip_skip': this model takes none, only 0; received {body.clip_skip}.",
            "clip_skip",
        )
    if body.clip_skip > limits.max_clip_skip:
        raise InvalidRequestError(
            f"Invalid 'clip_skip': must be from 0 to {limits.max_clip_skip} for this model, "
            f"received {body.clip_skip}.",
            "clip_skip",
        )
    return body.clip_skip
