"""Trains the tokeniser: byte-level BPE in which a space and a digit are always tokens of their own.

A word then has the same tokens wherever it stands, which is what makes copying it learnable.
Run as `python -m embedded.chat.recipe.tokenizer`; a new one needs weights trained from nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from embedded.chat.recipe.mixture import training_samples

FOLDER = Path(__file__).resolve().parent.parent
VOCABULARY_SIZE = 2048
MAX_LENGTH = 2048
PAD, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TAGS = ("<tools>", "</tools>", "<tool_call>", "</tool_call>")
# In this order: what joins the fields of a JSON object, a word, a digit, a space, anything else.
PIECES = r'"[:,] ?[\[{]?"?|\{"|"?\}+|\p{L}+|\p{N}| |[^\s\p{L}\p{N}]|\s'
SAMPLES_READ = 40_000
# A step that training never comes to, so late that it holds hardly any drills.
CORPUS_STEP = 1_000_000
# The words of the template itself, often enough for each to become one token.
ROLES = ("system", "user", "assistant", "tool") * 20_000


def corpus_texts() -> list[str]:
    """Texts of generated samples; only their words matter, so no template is around them."""
    texts: list[str] = []
    for sample in training_samples(step=CORPUS_STEP, count=SAMPLES_READ):
        texts += [sample.prompt + sample.completion, sample.answer]
        texts += [str(m["content"]) for m in sample.messages if isinstance(m["content"], str)]
        texts += [json.dumps(tool, ensure_ascii=False) for tool in sample.tools]
    return texts


def train_tokenizer() -> Tokenizer:
    """The tokeniser for the words that the skills use."""
    tokenizer = Tokenizer(models.BPE(byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE - len(TAGS),
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*ROLES, *corpus_texts()], trainer)
    tokenizer.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in TAGS])
    return tokenizer


def save_tokenizer(folder: Path) -> None:
    """Write the tokeniser's files beside the chat template that is already there."""
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=train_tokenizer(),
        eos_token=END,
        pad_token=PAD,
        model_max_length=MAX_LENGTH,
        clean_up_tokenization_spaces=False,
        padding_side="left",
    )
    wrapped.chat_template = (folder / "chat_template.jinja").read_text()
    wrapped.save_pretrained(folder)


def load_tokenizer(folder: Path = FOLDER) -> PreTrainedTokenizerFast:
    """The tokeniser from the files of a model."""
    return PreTrainedTokenizerFast.from_pretrained(folder)


if __name__ == "__main__":
    save_tokenizer(FOLDER)


def single_id(number: object) -> int:
    """Return a token id that transformers declares as any of numbers, texts and lists."""
    assert isinstance(number, int)
    return number
