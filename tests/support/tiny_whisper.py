# pyright: standard
"""Whispers of the smallest shape, untrained, which hear something in any noise."""

from pathlib import Path
from string import ascii_letters

import torch
from tokenizers import Tokenizer
from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

from embedded.transcriptions.recipe.export import write_model
from embedded.transcriptions.recipe.tokenizer import NUM_TIMESTAMPS, SPECIAL, build_tokenizer
from wire.languages import LANGUAGES

END_BIAS = 0.15
"""How much the end of the text is preferred, so that an untrained model comes to one."""
LETTER_BIAS = -4.0
"""How much all but letters is avoided, so that what it writes is text."""


def make_tiny_whisper(directory: Path) -> str:
    """Write an English-only model as faster-whisper loads it."""
    return _make(directory, SPECIAL)


def make_multilingual_whisper(directory: Path) -> str:
    """Write a model with the tokens of all languages."""
    languages = [f"<|{code}|>" for code in LANGUAGES]
    return _make(directory, [*SPECIAL[:2], *languages, *SPECIAL[3:]])


def _make(directory: Path, special: list[str] | tuple[str, ...]) -> str:
    tokenizer = build_tokenizer((), special)
    write_model(_make_model(tokenizer), directory, tokenizer)
    return str(directory)


def _make_model(tokenizer: Tokenizer) -> WhisperForConditionalGeneration:
    torch.manual_seed(20261122)
    vocabulary = tokenizer.get_vocab()
    end = vocabulary["<|endoftext|>"]
    model = WhisperForConditionalGeneration(_config(len(vocabulary) + NUM_TIMESTAMPS, end))
    model.generation_config = GenerationConfig(
        suppress_tokens=[], begin_suppress_tokens=[end], alignment_heads=[[1, 0], [1, 1]]
    )
    with torch.no_grad():
        # The last norm's offset reaches every logit through the embeddings that also write them.
        wanted = model.model.decoder.embed_tokens.weight[end].normal_(0, model.config.init_std)
        direction = wanted / wanted.norm()
        model.model.decoder.layer_norm.bias += END_BIAS * direction * len(wanted) ** 0.5
        letters = {vocabulary[letter] for letter in ascii_letters}
        others = [i for i in range(end) if i not in letters]
        model.model.decoder.embed_tokens.weight[others] += LETTER_BIAS * direction
    return model


def _config(num_tokens: int, end: int) -> WhisperConfig:
    return WhisperConfig(
        vocab_size=num_tokens,
        num_mel_bins=80,
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
        max_source_positions=1500,
        max_target_positions=448,
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=end + 1,
        begin_suppress_tokens=None,
        suppress_tokens=[],
    )
