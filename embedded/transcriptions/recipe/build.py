"""Builds the embedded transcription model: a Whisper of the smallest useful shape, untrained.

    python -m embedded.transcriptions.recipe.build [directory]

Knows nothing of the server, which loads the result as it loads any CTranslate2 Whisper model.
"""

import json
import sys
from pathlib import Path
from string import ascii_letters
from tempfile import TemporaryDirectory

import torch
from ctranslate2.converters import TransformersConverter
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

from embedded.transcriptions.recipe.tokenizer import build_tokenizer, save_tokenizer

SEED = 20261122
HERE = Path(__file__).resolve().parents[1]
NUM_TIMESTAMPS = 1501
"""Every 0.02 s of Whisper's window of 30 s."""
MAX_TARGET_POSITIONS = 448
"""The prompt and the answer to one window; faster-whisper assumes Whisper's number."""
END_BIAS = 0.15
"""How much the end of the text is preferred, so that an untrained model comes to one."""
LETTER_BIAS = -4.0
"""How much all but letters is avoided, so that what it writes is text."""


def build_model(
    vocab_size: int, end_id: int, letters: list[int]
) -> WhisperForConditionalGeneration:
    """Return the model with its first weights."""
    torch.manual_seed(SEED)
    config = WhisperConfig(
        vocab_size=vocab_size,
        num_mel_bins=80,
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=256,
        decoder_ffn_dim=256,
        max_source_positions=1500,
        max_target_positions=MAX_TARGET_POSITIONS,
        pad_token_id=end_id,
        bos_token_id=end_id,
        eos_token_id=end_id,
        decoder_start_token_id=end_id + 1,
        begin_suppress_tokens=None,
        suppress_tokens=[],
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        suppress_tokens=[], begin_suppress_tokens=[end_id], alignment_heads=[[1, 0], [1, 1]]
    )
    with torch.no_grad():
        # The last norm's offset reaches every logit through the embeddings that also write them.
        end = model.model.decoder.embed_tokens.weight[end_id].normal_(0, config.init_std)
        direction = end / end.norm()
        model.model.decoder.layer_norm.bias += END_BIAS * direction * len(end) ** 0.5
        others = [i for i in range(end_id) if i not in set(letters)]
        model.model.decoder.embed_tokens.weight[others] += LETTER_BIAS * direction
    return model


def build(directory: Path) -> None:
    """Write the model where faster-whisper can load it."""
    tokenizer = build_tokenizer()
    vocabulary = tokenizer.get_vocab()
    end_id = vocabulary["<|endoftext|>"]
    letters = [vocabulary[letter] for letter in ascii_letters]
    model = build_model(tokenizer.get_vocab_size() + NUM_TIMESTAMPS, end_id, letters)
    with TemporaryDirectory() as checkpoint:
        model.save_pretrained(checkpoint)
        save_tokenizer(tokenizer, Path(checkpoint))
        WhisperFeatureExtractor(feature_size=80).save_pretrained(checkpoint)
        converter = TransformersConverter(checkpoint, copy_files=["tokenizer.json"])
        with TemporaryDirectory() as converted:
            converter.convert(converted, quantization="int8", force=True)
            for path in Path(converted).iterdir():
                (directory / path.name).write_bytes(path.read_bytes())
    features = {"feature_size": 80, "sampling_rate": 16000, "hop_length": 160, "n_fft": 400}
    preprocessor = directory / "preprocessor_config.json"
    preprocessor.write_text(json.dumps(features | {"chunk_length": 30}, indent=2) + "\n")


if __name__ == "__main__":
    build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
