"""``args`` of an image model application."""

from typing import Any, Literal

from pydantic import Field, model_validator

from deployments.config import ModelConfig
from wire.calls import Kind
from wire.card import ModelCard

MIN_EDGE = 64
"""Pixels. Below, autoencoders have nothing left to downsample."""
SIZE = r"^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$"

Quality = Literal["low", "medium", "standard", "high", "hd", "xhigh", "max"]


class ImagesConfig(ModelConfig, frozen=True):
    """A diffusion model served by diffusers. The defaults suit Stable Diffusion 1.5."""

    kind: Literal[Kind.IMAGES] = Kind.IMAGES
    backend: Literal["diffusers"] = "diffusers"
    """The engine library. ``engine_kwargs`` takes what ``DiffusionPipeline.from_pretrained`` takes
    (``dtype`` by name, ``variant``, ``revision``, ``safety_checker: null`` …)."""
    max_requests: int = Field(default=32, ge=1)
    """Images that a replica holds at once, running and waiting; one more gets a 429. Images take
    seconds each, so more would wait for minutes."""
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    """Where the pipeline runs; ``auto``: the first GPU that torch sees, else the CPU."""
    pipeline_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Arguments of every call of the pipeline (``guidance_scale`` …), in its own spelling."""
    default_size: str = Field(default="512x512", pattern=SIZE)
    """Pixels, width x height, of an image whose request names no size."""
    max_edge: int = Field(default=1024, ge=MIN_EDGE)
    """Pixels of the longest edge that may be asked for. Memory grows with the area, and in some
    models with its square."""
    native_pixels: int | None = Field(default=None, ge=MIN_EDGE**2)
    """Pixels, width times height, of the pictures the model was trained on. A picture of any other
    size is drawn with about that many, in its proportions, and scaled: far from their training
    size, models draw things twice or not at all. None: drawn in the requested size."""
    default_steps: int = Field(default=25, ge=1)
    """Denoising steps of a request that names none."""
    max_steps: int = Field(default=100, ge=1)
    """Most steps that may be asked for: each takes as long as the one before."""
    quality_steps: dict[Quality, int] = Field(default_factory=dict)
    """Steps of the named qualities. Those left out: ``low`` half of ``default_steps``, ``high``,
    ``hd``, ``xhigh`` and ``max`` twice as many, within ``max_steps``; the others as many."""
    max_batch_size: int = Field(default=4, ge=1)
    """Images without a seed that are made in one pass when several wait. A pass of four needs the
    memory of four."""
    variation_strength: float = Field(default=0.6, gt=0, le=1)
    """How much a variation differs from its image: 0 not at all, 1 entirely."""

    @model_validator(mode="after")
    def _limits_agree(self) -> "ImagesConfig":
        if not all(MIN_EDGE <= edge <= self.max_edge for edge in size_of(self.default_size)):
            raise ValueError(
                f"default_size: both edges must be from {MIN_EDGE} to max_edge {self.max_edge}, "
                f"received {self.default_size}"
            )
        steps = {"default_steps": self.default_steps, **self.quality_steps}
        for name, number in steps.items():
            if not 1 <= number <= self.max_steps:
                raise ValueError(f"{name}: {number} is not from 1 to max_steps {self.max_steps}")
        return self

    def card(self) -> ModelCard:
        """Add the library, and the size of an image whose request names none."""
        facts = {"backend": self.backend, "default_size": self.default_size}
        return super().card().model_copy(update=facts)

    def steps_of(self, quality: str) -> int:
        """Return the steps of a named quality."""
        if quality in self.quality_steps:
            return self.quality_steps[quality]  # pyright: ignore[reportArgumentType]
        if quality == "low":
            return max(1, self.default_steps // 2)
        if quality in ("high", "hd", "xhigh", "max"):
            return min(self.max_steps, 2 * self.default_steps)
        return self.default_steps


def size_of(text: str) -> tuple[int, int]:
    """Return width and height of ``WxH``."""
    width, _, height = text.partition("x")
    return int(width), int(height)
