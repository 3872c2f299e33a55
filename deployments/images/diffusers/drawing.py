# pyright: standard, reportPrivateImportUsage=false
"""Draws jobs by a pipeline, several in a pass, and checks at every step for clients that left."""

import copy
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting, DiffusionPipeline
from PIL import Image

from deployments.images.config import ImagesConfig
from deployments.images.diffusers.pictures import resize, resize_mask, restore_outside
from deployments.images.job import Job, Limits
from wire.bodies import ImagePrompt
from wire.errors import ContentPolicyError, InvalidRequestError

USUAL_MULTIPLE = 8
"""For pipelines that name none."""


class AbandonedError(Exception):
    """Every client of the pass has left."""


class Pipelines:
    """The pipelines of one model. They share their parts, so one thread may draw at a time."""

    def __init__(self, pipeline: DiffusionPipeline, config: ImagesConfig) -> None:
        self.pipeline = pipeline
        self._config = config
        self._derived: dict[type, DiffusionPipeline] = {}
        self.limits = limits_of(pipeline)
        # A tokenizer keeps how it truncates from call to call, so no two threads may share one.
        self._counting_tokenizer: Any = copy.deepcopy(getattr(pipeline, "tokenizer", None))
        guidance = config.pipeline_kwargs.get("guidance_scale", math.inf)
        self.takes_negative_prompts = guidance > 1 and _accepts(pipeline, "negative_prompt")

    def draw(self, jobs: Sequence[Job]) -> list[Any]:
        """Return the jobs' images, or the error in place of one that may not be shown; blocks.

        Raises:
            AbandonedError: every job was cancelled before the end.
            InvalidRequestError: the model cannot do what is asked.
        """
        first = jobs[0]
        pipeline: Any = self._pipeline_for(first)
        arguments = self._arguments(jobs, pipeline)
        if _accepts(pipeline, "callback_on_step_end"):  # older pipelines cannot be stopped
            arguments["callback_on_step_end"] = self._watch(jobs)
        output = pipeline(**arguments)
        images = output.images
        flagged = getattr(output, "nsfw_content_detected", None) or [False] * len(images)
        return [
            _refusal() if bad else _finish(job, image)
            # The caller counts them: too few are not the client's fault.
            for job, image, bad in zip(jobs, images, flagged, strict=False)
        ]

    def check_source(self, *, masked: bool) -> None:
        """Refuse early what :meth:`draw` could not do.

        Raises:
            InvalidRequestError: the model only draws from text.
        """
        self._derive(AutoPipelineForInpainting if masked else AutoPipelineForImage2Image)

    def count_tokens(self, prompt: ImagePrompt) -> int:
        """Return how many tokens the text encoder reads of a prompt."""
        tokenizer = self._counting_tokenizer
        if tokenizer is None:
            return 0
        return sum(
            min(
                len(tokenizer(text, truncation=False, verbose=False).input_ids),
                tokenizer.model_max_length,
            )
            for text in (prompt.positive, prompt.negative)
            if text
        )

    def _pipeline_for(self, job: Job) -> DiffusionPipeline:
        if job.source is None:
            return self.pipeline
        return self._derive(
            AutoPipelineForImage2Image if job.mask is None else AutoPipelineForInpainting
        )

    def _derive(self, auto: type) -> DiffusionPipeline:
        if auto not in self._derived:
            try:
                derived = auto.from_pipe(self.pipeline)
            except ValueError as error:
                raise InvalidRequestError(
                    "This model only draws from text; it takes no image to begin with.", "image"
                ) from error
            derived.set_progress_bar_config(disable=True)
            self._derived[auto] = derived
        return self._derived[auto]

    def _arguments(self, jobs: Sequence[Job], pipeline: DiffusionPipeline) -> dict[str, Any]:
        first = jobs[0]
        drawing = first.drawing
        configured = self._config.pipeline_kwargs.items()
        arguments: dict[str, Any] = {
            **{name: value for name, value in configured if _accepts(pipeline, name)},
            "prompt": [job.prompt.positive for job in jobs],
            "num_inference_steps": drawing.steps,
            # On the CPU whatever the device, so that a seed means the same noise everywhere.
            "generator": [torch.Generator("cpu").manual_seed(job.seed) for job in jobs],
            "output_type": "pil",
        }
        if drawing.negative:
            arguments["negative_prompt"] = [job.prompt.negative for job in jobs]
        if drawing.clip_skip:
            arguments["clip_skip"] = drawing.clip_skip
        if first.source is None:
            return {**arguments, "width": drawing.width, "height": drawing.height}
        size = (drawing.width, drawing.height)
        arguments["image"] = resize(first.source, size)
        strength = _strength(first.strength, pipeline)
        if strength is not None:
            arguments["strength"] = strength
            arguments["num_inference_steps"] = _enough_steps(drawing.steps, strength)
        if _accepts(pipeline, "width"):
            arguments |= {"width": drawing.width, "height": drawing.height}
        if first.mask is not None:
            arguments["mask_image"] = resize_mask(first.mask, size)
        return arguments

    def _watch(self, jobs: Sequence[Job]) -> Callable[..., dict[str, Any]]:
        first = jobs[0]

        def at_step_end(
            pipeline: Any, step: int, _: Any, tensors: dict[str, Any]
        ) -> dict[str, Any]:
            if all(job.cancelled.is_set() for job in jobs):
                raise AbandonedError
            if first.on_partial is not None:
                due = partial_steps(pipeline.num_timesteps, first.partial_images)
                if step in due:
                    picture = _preview(pipeline, tensors["latents"])
                    if picture is not None:
                        first.on_partial(due.index(step), _finish(first, picture))
            return tensors

        return at_step_end


def limits_of(pipeline: DiffusionPipeline) -> Limits:
    """Return what a pipeline can do."""
    processor = getattr(pipeline, "image_processor", None)
    multiple = processor.config.vae_scale_factor if processor is not None else USUAL_MULTIPLE
    layers = getattr(getattr(pipeline, "text_encoder", None), "config", None)
    skips = _accepts(pipeline, "clip_skip") and hasattr(layers, "num_hidden_layers")
    return Limits(multiple, layers.num_hidden_layers - 1 if layers and skips else None)


def partial_steps(num_steps: int, num_images: int) -> list[int]:
    """Return the steps after which a picture is shown: evenly apart, never the last."""
    steps = {(index * num_steps) // (num_images + 1) - 1 for index in range(1, num_images + 1)}
    return sorted(step for step in steps if step >= 0)


def _finish(job: Job, image: Image.Image) -> Image.Image:
    """Return an image in its size, and outside the mask as it was."""
    image = resize(image, job.size)
    return image if job.mask is None else restore_outside(job.mask, image, job.source)


def _refusal() -> ContentPolicyError:
    return ContentPolicyError("The model's safety checker does not let this image out.", "prompt")


def _strength(asked: float | None, pipeline: DiffusionPipeline) -> float | None:
    """Return the strength to draw with; None where the pipeline has none."""
    parameter = inspect.signature(pipeline.__call__).parameters.get("strength")
    if parameter is None:
        if asked is not None:
            raise InvalidRequestError("'strength': this model takes none.", "strength")
        return None
    return parameter.default if asked is None else asked


def _enough_steps(steps: int, strength: float) -> int:
    """Return so many steps that the part of them that ``strength`` takes is at least one."""
    while int(steps * strength) < 1:
        steps += 1
    return steps


def _accepts(pipeline: DiffusionPipeline, argument: str) -> bool:
    return argument in inspect.signature(pipeline.__call__).parameters


@torch.inference_mode()
def _preview(pipeline: Any, latents: torch.Tensor) -> Image.Image | None:
    """Return what is drawn so far; None where latents are no picture yet (packed ones)."""
    vae = getattr(pipeline, "vae", None)
    if vae is None or latents.ndim != 4:
        return None
    config = vae.config
    upcast = vae.dtype == torch.float16 and getattr(config, "force_upcast", False)
    dtype = vae.dtype
    if upcast:  # as the pipelines do: in half precision this autoencoder overflows
        vae.to(torch.float32)
    shift = getattr(config, "shift_factor", None) or 0.0
    decoded = vae.decode((latents[:1] / config.scaling_factor + shift).to(vae.dtype)).sample
    if upcast:
        vae.to(dtype)
    return pipeline.image_processor.postprocess(decoded, output_type="pil")[0]
