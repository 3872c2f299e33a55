# pyright: standard
"""The tokenizer of the embedded transcription model: bytes, the lexicon's words, Whisper's tokens.

The tokens stand in Whisper's order, which its libraries rely on: text, end, start, tasks, and at
last the timestamps, which follow ``<|notimestamps|>`` without being in the tokenizer.
"""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
NUM_TIMESTAMPS = 1501
"""Every 0.02 s of Whisper's window of 30 s."""


def build_tokenizer(words: Iterable[str] = (), special: Iterable[str] = SPECIAL) -> Tokenizer:
    """Return a tokenizer of every byte, and of each of the words as one token.

    A word is one token after a space, with a small letter at its start and with a capital one.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    forms = sorted({f" {form}" for word in words for form in (word, word[0].upper() + word[1:])})
    trainer = trainers.BpeTrainer(
        vocab_size=100_000,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(forms, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, directory: Path) -> None:
    """Write it as transformers reads it."""
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        unk_token="<|endoftext|>",
    ).save_pretrained(directory)
