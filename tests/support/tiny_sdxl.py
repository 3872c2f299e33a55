# pyright: standard
"""A Stable Diffusion XL pipeline of the smallest shape, for tests. Production has a large one."""

from pathlib import Path
from typing import Any, cast

import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.pipelines.stable_diffusion_xl.pipeline_stable_diffusion_xl import (
    StableDiffusionXLPipeline,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from transformers import CLIPTextModelWithProjection

from embedded.images.recipe.model import (
    TEXT_WIDTH,
    make_autoencoder,
    make_text_encoder,
    make_tokenizer,
)

TIME_WIDTH = 8
TIME_IDS = 6


def make_tiny_sdxl(directory: Path, variant: str | None = None) -> Path:
    """Write the pipeline's files, with an autoencoder that wants full precision.

    A ``variant`` is in the names of the weights' files.
    """
    torch.manual_seed(0)
    tokenizer = make_tokenizer()
    text_encoder = make_text_encoder(tokenizer)
    unet = UNet2DConditionModel(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=2 * TEXT_WIDTH,
        attention_head_dim=8,
        norm_num_groups=8,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME_WIDTH,
        projection_class_embeddings_input_dim=TIME_WIDTH * TIME_IDS + TEXT_WIDTH,
        use_linear_projection=True,
    )
    autoencoder = make_autoencoder()
    autoencoder.register_to_config(force_upcast=True)
    StableDiffusionXLPipeline(
        vae=autoencoder,
        text_encoder=text_encoder,
        text_encoder_2=CLIPTextModelWithProjection(text_encoder.config),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=unet,
        scheduler=cast(Any, EulerDiscreteScheduler(timestep_spacing="leading", steps_offset=1)),
    ).save_pretrained(directory, variant=variant)
    return directory
