# pyright: standard
"""Writes a Whisper as faster-whisper loads it: CTranslate2's format, int8."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from ctranslate2.converters import TransformersConverter
from tokenizers import Tokenizer
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration

from embedded.transcriptions.recipe.lexicon import WORDS
from embedded.transcriptions.recipe.tokenizer import build_tokenizer, save_tokenizer

FEATURES = {"feature_size": 80, "sampling_rate": 16000, "hop_length": 160, "n_fft": 400}


def write_model(
    model: WhisperForConditionalGeneration, directory: Path, tokenizer: Tokenizer | None = None
) -> None:
    """Write the model's files; the tokenizer is the lexicon's unless another is given."""
    with TemporaryDirectory() as checkpoint, TemporaryDirectory() as converted:
        model.float().save_pretrained(checkpoint)
        save_tokenizer(tokenizer or build_tokenizer(WORDS), Path(checkpoint))
        WhisperFeatureExtractor(feature_size=80).save_pretrained(checkpoint)
        converter = TransformersConverter(checkpoint, copy_files=["tokenizer.json"])
        converter.convert(converted, quantization="int8", force=True)
        directory.mkdir(parents=True, exist_ok=True)
        for path in Path(converted).iterdir():
            (directory / path.name).write_bytes(path.read_bytes())
    preprocessor = directory / "preprocessor_config.json"
    preprocessor.write_text(json.dumps(FEATURES | {"chunk_length": 30}, indent=2) + "\n")
