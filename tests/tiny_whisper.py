# pyright: standard
"""Whispers of the smallest shape, untrained, which hear something in any noise."""

from pathlib import Path
from tempfile import TemporaryDirectory

from ctranslate2.converters import TransformersConverter
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import WhisperFeatureExtractor

from embedded.transcriptions.recipe.build import build, build_model
from embedded.transcriptions.recipe.tokenizer import save_tokenizer
from serve_app.protocol.languages import LANGUAGES

NUM_TIMESTAMPS = 1501


def make_tiny_whisper(directory: Path) -> str:
    """Write an English-only model as faster-whisper loads it."""
    directory.mkdir(exist_ok=True)
    build(directory)
    return str(directory)


def make_multilingual_whisper(directory: Path) -> str:
    """Write a model with the tokens of all languages."""
    tokenizer = _multilingual_tokenizer()
    vocabulary = tokenizer.get_vocab()
    letters = [vocabulary[letter] for letter in "abcdefghijklmnopqrstuvwxyz"]
    model = build_model(len(vocabulary) + NUM_TIMESTAMPS, vocabulary["<|endoftext|>"], letters)
    with TemporaryDirectory() as checkpoint:
        model.save_pretrained(checkpoint)
        save_tokenizer(tokenizer, Path(checkpoint))
        WhisperFeatureExtractor(feature_size=80).save_pretrained(checkpoint)
        files = ["tokenizer.json", "preprocessor_config.json"]
        TransformersConverter(checkpoint, copy_files=files).convert(
            str(directory), quantization="int8", force=True
        )
    return str(directory)


def _multilingual_tokenizer() -> Tokenizer:
    special = [
        "<|endoftext|>",
        "<|startoftranscript|>",
        *(f"<|{code}|>" for code in LANGUAGES),
        "<|translate|>",
        "<|transcribe|>",
        "<|startoflm|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
    ]
    texts = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({text: i for i, text in enumerate(texts)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer
