# pyright: standard, reportPrivateImportUsage=false
"""The parts of the embedded image model: a Stable Diffusion pipeline, whole and very small.

Untrained here; the parts, their classes and their files are those of every Stable Diffusion
pipeline, so that whatever serves this one serves any other. The rest of the recipe calls these
parts through the functions here, whose types are true.
"""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from embedded.untyped import drop_types

PartT = TypeVar("PartT", bound=torch.nn.Module)

FACTOR = 8
"""Pixels along an edge that make one latent."""
LATENT_CHANNELS = 4
"""diffusers takes no other number for inpainting."""
TEXT_TOKENS = 48
TEXT_WIDTH = 96
END_OF_WORD = "</w>"
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def make_autoencoder() -> AutoencoderKL:
    """Return an autoencoder without attention: what it learns on a part it does on the whole."""
    return drop_types(AutoencoderKL)(
        block_out_channels=(16, 32, 48, 64),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        sample_size=128,
        mid_block_add_attention=False,
    )


def make_tokenizer(words: Iterable[str] = ()) -> CLIPTokenizer:
    """Return CLIP's tokenizer: one token for each of these words, other text byte by byte."""
    letters = sorted(ByteLevel.alphabet())
    vocabulary = [*letters, *(letter + END_OF_WORD for letter in letters)]
    merges: list[tuple[str, str]] = []
    for word in sorted(set(words), key=lambda word: (len(word), word)):
        pieces = [*word[:-1], word[-1] + END_OF_WORD]
        while len(pieces) > 1:
            pair = _first_known(pieces, merges)
            if pair not in merges:
                merges.append(pair)
            pieces = _merge_pair(pieces, pair)
    vocabulary += list(dict.fromkeys("".join(pair) for pair in merges))
    vocabulary += ["<|startoftext|>", "<|endoftext|>"]
    numbers = {word: number for number, word in enumerate(vocabulary)}
    return drop_types(CLIPTokenizer)(vocab=numbers, merges=merges, model_max_length=TEXT_TOKENS)


def make_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Return a text encoder of two layers."""
    return CLIPTextModel(
        drop_types(CLIPTextConfig)(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=2 * TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TEXT_TOKENS,
            projection_dim=TEXT_WIDTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def make_denoiser() -> UNet2DConditionModel:
    """Return a denoiser of three resolutions that attends to the text in the lower two."""
    return drop_types(UNet2DConditionModel)(
        sample_size=16,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(64, 96, 128),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        addition_embed_type="text",  # also to every layer at once, which learns colours far sooner
        addition_embed_type_num_heads=4,
        attention_head_dim=4,
        norm_num_groups=16,
    )


def make_scheduler() -> DDIMScheduler:
    """Return a scheduler whose last step is nothing but noise.

    Without that a plain white or black background cannot be learnt: a little of the mean would
    always show through the noise.
    """
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # of no effect with this spacing; diffusers warns of any other
    )


def on_device(part: PartT) -> PartT:
    """Return a part after it has been moved to the device that trains."""
    return drop_types(part).to(DEVICE)


def load_autoencoder(directory: Path) -> AutoencoderKL:
    """Return an autoencoder that was saved."""
    return drop_types(AutoencoderKL).from_pretrained(directory)


def load_text_encoder(directory: Path) -> CLIPTextModel:
    """Return a text encoder that was saved."""
    return drop_types(CLIPTextModel).from_pretrained(directory)


def load_tokenizer(directory: Path) -> CLIPTokenizer:
    """Return a tokenizer that was saved."""
    return drop_types(CLIPTokenizer).from_pretrained(directory)


def encode(autoencoder: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    """Return the means of the latents (B, 4, height / 8, width / 8) of (B, 3, height, width)."""
    return drop_types(autoencoder).encode(pictures).latent_dist.mean


def decode(autoencoder: AutoencoderKL, latents: torch.Tensor) -> torch.Tensor:
    """Return the pictures (B, 3, height, width) of latents (B, 4, height / 8, width / 8)."""
    return drop_types(autoencoder).decode(latents).sample


def denoise(
    denoiser: UNet2DConditionModel,
    noisy: torch.Tensor,
    timesteps: torch.Tensor,
    states: torch.Tensor,
) -> torch.Tensor:
    """Return the velocities that the denoiser predicts for noisy latents, in their shape.

    ``noisy`` is (B, 4, rows, columns), ``timesteps`` (B), ``states`` of the text (B, T, C).
    """
    return drop_types(denoiser)(noisy, timesteps, states).sample


def save_pipeline(
    directory: Path,
    autoencoder: AutoencoderKL,
    text_encoder: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    denoiser: UNet2DConditionModel,
) -> None:
    """Write the pipeline's files into ``directory``.

    Half precision is enough for the file; diffusers makes these two full again when it loads them.
    """
    autoencoder.half()
    denoiser.half()
    drop_types(autoencoder).register_to_config(
        _name_or_path=""
    )  # where it was trained is nobody's path
    drop_types(StableDiffusionPipeline)(
        vae=autoencoder,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=denoiser,
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    ).save_pretrained(directory, safe_serialization=True)


def _first_known(pieces: list[str], merges: list[tuple[str, str]]) -> tuple[str, str]:
    """Return the pair that the tokenizer would merge next; a new one if no merge applies."""
    pairs = list(pairwise(pieces))
    known = [pair for pair in pairs if pair in merges]
    return min(known, key=merges.index) if known else pairs[0]


def _merge_pair(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    result: list[str] = []
    for piece in pieces:
        if result and (result[-1], piece) == pair:
            result[-1] += piece
        else:
            result.append(piece)
    return result
