# pyright: standard, reportPrivateImportUsage=false
"""Loads a pipeline from a directory or the hub, and checks the operator's options of it."""

import difflib
import inspect
import os
from typing import Any

# Read by the hub's client when it is imported: it must not report usage to anyone.
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

import torch
from diffusers import AutoPipelineForText2Image, DiffusionPipeline
from diffusers.utils import is_accelerate_available, logging

from deployments.config import resolve_model
from deployments.images.config import ImagesConfig
from wire.errors import ModelLoadError

OPTIONS = frozenset(
    {
        "cache_dir",
        "disable_mmap",
        "dtype",
        "feature_extractor",
        "image_encoder",
        "local_files_only",
        "low_cpu_mem_usage",
        "requires_safety_checker",
        "revision",
        "safety_checker",
        "torch_dtype",
        "use_safetensors",
        "variant",
    }
)
"""Arguments of ``from_pretrained`` that a YAML can express. None runs code from a repository."""

OURS = frozenset(
    {
        "prompt", "negative_prompt", "image", "mask_image", "width", "height", "generator",
        "num_inference_steps", "num_images_per_prompt", "clip_skip", "output_type", "return_dict",
        "callback_on_step_end", "callback_on_step_end_tensor_inputs", "strength", "latents",
    }
)  # fmt: skip
"""Arguments of a pipeline's call that requests decide."""


def load_pipeline(config: ImagesConfig) -> DiffusionPipeline:
    """Return the text-to-image pipeline of a model, on its device.

    Raises:
        ModelLoadError: the model or its options are wrong.
    """
    options = _options(config)
    logging.disable_progress_bar()
    try:
        pipeline = AutoPipelineForText2Image.from_pretrained(resolve_model(config.model), **options)
        pipeline.to(device_of(config.device))
    except (OSError, ValueError, TypeError, RuntimeError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise ModelLoadError(f"diffusers cannot load '{config.model}': {reason}") from error
    _check_call_arguments(pipeline, config)
    _give_inner_model(pipeline)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def device_of(name: str) -> torch.device:
    """Return torch's device for the config's.

    Raises:
        ModelLoadError: there is none.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ModelLoadError(f"device: '{name}', but torch sees no GPU.")
    return torch.device(name)


def _options(config: ImagesConfig) -> dict[str, Any]:
    options = dict(config.engine_kwargs)
    for name in options:
        if name not in OPTIONS:
            raise ModelLoadError(
                f"engine_kwargs.{name} is not an option of diffusers here.{_hint(name, OPTIONS)}"
            )
    for name in ("torch_dtype", "dtype"):
        if name in options:
            options[name] = _dtype(name, options[name])
    # Pickled weights run code when they are loaded; an operator may still enable them.
    options.setdefault("use_safetensors", True)
    options.setdefault("low_cpu_mem_usage", is_accelerate_available())
    return options


def _dtype(option: str, name: object) -> torch.dtype:
    dtype = getattr(torch, str(name), None)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ModelLoadError(
            f"engine_kwargs.{option}: {name!r} is not one of float16, bfloat16, float32."
        )
    return dtype


def _check_call_arguments(pipeline: DiffusionPipeline, config: ImagesConfig) -> None:
    known = set(inspect.signature(pipeline.__call__).parameters) - {"kwargs"}
    for name in config.pipeline_kwargs:
        if name in OURS:
            raise ModelLoadError(f"pipeline_kwargs.{name} is decided by each request.")
        if name not in known:
            raise ModelLoadError(
                f"pipeline_kwargs.{name} is not an argument of {type(pipeline).__name__}."
                f"{_hint(name, known)}"
            )


def _give_inner_model(pipeline: DiffusionPipeline) -> None:
    """Let ``clip_skip`` find what it reads.

    diffusers reads the text encoder's ``text_model``; transformers 5 has merged the two.
    """
    encoder = getattr(pipeline, "text_encoder", None)
    if hasattr(encoder, "final_layer_norm") and not hasattr(encoder, "text_model"):
        # Past torch's bookkeeping: a module may not be its own child.
        object.__setattr__(encoder, "text_model", encoder)


def _hint(name: str, known: set[str] | frozenset[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean '{close[0]}'?" if close else ""
