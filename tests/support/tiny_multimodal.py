# pyright: standard
"""Makes a random Qwen2.5-Omni of a megabyte that sees and hears: it loads, and means nothing."""

from pathlib import Path
from typing import Any, cast

import torch
from safetensors.torch import save_file
from tokenizers import pre_tokenizers
from transformers import (
    Qwen2_5OmniConfig,
    Qwen2_5OmniProcessor,
    Qwen2_5OmniThinkerForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
    WhisperFeatureExtractor,
)

from tests.support.tiny_model import make_byte_tokenizer

NAMED = {
    "image_token": "<|IMAGE|>",
    "audio_token": "<|AUDIO|>",
    "video_token": "<|VIDEO|>",
    "vision_bos_token": "<|vision_bos|>",
    "vision_eos_token": "<|vision_eos|>",
    "audio_bos_token": "<|audio_bos|>",
    "audio_eos_token": "<|audio_eos|>",
}
"""Where pictures and recordings stand in the prompt, by the names that the processor asks for."""
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *NAMED.values())

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}"
    "{% if part.type == 'image' %}<|vision_bos|><|IMAGE|><|vision_eos|>"
    "{% elif part.type == 'audio' %}<|audio_bos|><|AUDIO|><|audio_eos|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

PATCH = 14
PIXELS_A_TOKEN = (2 * PATCH) ** 2
MAX_IMAGE_TOKENS = 64
WIDTH = 64
SPREAD = 0.2
"""Of the weights: ten times the usual, so that what is seen and heard is told from all else."""


def make_tiny_multimodal(directory: Path) -> Path:
    """Write the model to ``directory`` and return it."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate([*SPECIAL, *alphabet])}
    _processor(vocabulary).save_pretrained(directory)
    config = _config(vocabulary)
    torch.manual_seed(0)
    thinker: Any = Qwen2_5OmniThinkerForConditionalGeneration(cast("Any", config.thinker_config))
    for weight in thinker.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=SPREAD)
    weights = {f"thinker.{name}": value for name, value in thinker.bfloat16().state_dict().items()}
    save_file(weights, directory / "model.safetensors", {"format": "pt"})
    config.save_pretrained(directory)
    return directory


def _processor(vocabulary: dict[str, int]) -> Qwen2_5OmniProcessor:
    size = {"shortest_edge": 4 * PIXELS_A_TOKEN, "longest_edge": MAX_IMAGE_TOKENS * PIXELS_A_TOKEN}
    return Qwen2_5OmniProcessor(
        image_processor=Qwen2VLImageProcessor(size=size),
        video_processor=Qwen2VLVideoProcessor(size=size),
        feature_extractor=WhisperFeatureExtractor(feature_size=32),
        tokenizer=make_byte_tokenizer(vocabulary, extra_special_tokens=NAMED),
        chat_template=CHAT_TEMPLATE,
    )


def _config(vocabulary: dict[str, int]) -> Qwen2_5OmniConfig:
    text = {
        "vocab_size": len(vocabulary),
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 2048,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 10_000.0,
            "mrope_section": [4, 6, 6],
        },
        "eos_token_id": vocabulary["<|im_end|>"],
        "tie_word_embeddings": False,
    }
    vision = {
        "depth": 2,
        "hidden_size": WIDTH,
        "intermediate_size": 2 * WIDTH,
        "num_heads": 2,
        "out_hidden_size": WIDTH,
        "fullatt_block_indexes": [1],
    }
    audio = {
        "num_mel_bins": 32,
        "encoder_layers": 1,
        "encoder_attention_heads": 2,
        "encoder_ffn_dim": 2 * WIDTH,
        "d_model": WIDTH,
        "output_dim": WIDTH,
    }
    thinker = {
        "text_config": text,
        "vision_config": vision,
        "audio_config": audio,
        "image_token_index": vocabulary[NAMED["image_token"]],
        "video_token_index": vocabulary[NAMED["video_token"]],
        "audio_token_index": vocabulary[NAMED["audio_token"]],
        "vision_start_token_id": vocabulary[NAMED["vision_bos_token"]],
        "vision_end_token_id": vocabulary[NAMED["vision_eos_token"]],
        "audio_start_token_id": vocabulary[NAMED["audio_bos_token"]],
        "audio_end_token_id": vocabulary[NAMED["audio_eos_token"]],
    }
    return Qwen2_5OmniConfig(
        thinker_config=thinker,
        enable_audio_output=False,
        architectures=["Qwen2_5OmniModel"],
        dtype="bfloat16",
    )
