"""Builds the embedded image model: a Stable Diffusion pipeline, whole and very small, untrained.

    python -m embedded.images.recipe.build [directory]

The weights are random numbers from a fixed seed. They stand where trained ones will: the parts,
their classes and their files are those of every Stable Diffusion pipeline, so whatever serves this
one serves a trained one.
"""

import sys
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

SEED = 20261122
DIRECTORY = Path(__file__).resolve().parents[1]

TEXT_WIDTH = 32
TEXT_TOKENS = 77
"""As in every CLIP text encoder."""
LATENT_CHANNELS = 4
END_OF_WORD = "</w>"


def build(directory: Path) -> None:
    """Write the pipeline's files into ``directory``."""
    torch.manual_seed(SEED)
    tokenizer = make_tokenizer()
    pipeline = StableDiffusionPipeline(
        vae=make_autoencoder(),
        text_encoder=make_text_encoder(tokenizer),
        tokenizer=tokenizer,
        unet=make_unet(),
        scheduler=DDIMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(directory, safe_serialization=True)


def make_tokenizer() -> CLIPTokenizer:
    """Return CLIP's tokenizer with bytes as its only words: any text can be encoded."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(letter + END_OF_WORD for letter in letters)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=TEXT_TOKENS)


def make_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return a text encoder of two layers."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=2 * TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=TEXT_TOKENS,
            projection_dim=TEXT_WIDTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def make_autoencoder() -> AutoencoderKL:
    """Return an autoencoder that makes one latent of eight by eight pixels."""
    return AutoencoderKL(
        block_out_channels=(8, 16, 24, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        sample_size=256,
    )


def make_unet() -> UNet2DConditionModel:
    """Return a denoiser of three resolutions that attends to the text in the lower two."""
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(16, 24, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=8,
        norm_num_groups=8,
    )


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY)
