# pyright: standard
"""How the lexicon's words sound, in a form that one frame or one token can carry.

A word is its first phonemes and its last ones, each in a slot of its own. Words share the phonemes
of a slot, so that what is learnt of one word helps with all.
"""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor, nn

from embedded.transcriptions.recipe.lexicon import WORDS
from embedded.transcriptions.recipe.speech import PAUSE, Speaker, Voice
from embedded.transcriptions.recipe.windows import NUM_WORDS, PHONEME_IDS, PHONEMES

FIRST, LAST = 7, 3
SLOTS = FIRST + LAST
NOTHING = 0
"""In a slot that a short word leaves empty, and in all of silence; the pause's number."""
CITED = Voice("en-us", 160, 50)


def sounds(speaker: Speaker) -> NDArray[np.int64]:
    """Return the phonemes of each word (NUM_WORDS, SLOTS); row 0 is silence."""
    table = np.zeros((NUM_WORDS, SLOTS), np.int64)
    for index, word in enumerate(WORDS):
        heard = [
            PHONEME_IDS.get(name, NOTHING)
            for name, _ in speaker.say(word, CITED).phonemes
            if name != PAUSE
        ]
        table[index + 1, : min(FIRST, len(heard))] = heard[:FIRST]
        ending = heard[-LAST:]
        table[index + 1, SLOTS - len(ending) :] = ending
    return table


def tokens_of_words(tokenizer: Tokenizer) -> Mapping[int, tuple[int, bool]]:
    """Return which word a token is, and whether with a capital that the word itself has not."""
    found: dict[int, tuple[int, bool]] = {}
    for index, word in enumerate(WORDS):
        upper = word[0].upper() + word[1:]
        for form in (upper, word):
            (token,) = tokenizer.encode(f" {form}").ids
            found[token] = (index + 1, form != word)
    return found


class SpokenEmbedding(nn.Module):
    """Adds to each word's own embedding that of its sound. A parametrization of the weights."""

    def __init__(self, tokenizer: Tokenizer, table: NDArray[np.int64], tokens: int, width: int):
        super().__init__()
        self.slots = nn.Parameter(torch.randn(SLOTS, len(PHONEMES), width) * 0.02)
        self.capital = nn.Parameter(torch.zeros(width))
        parts = torch.zeros(tokens, SLOTS * len(PHONEMES))
        capitals = torch.zeros(tokens, 1)
        for token, (word, is_capital) in tokens_of_words(tokenizer).items():
            for slot, phoneme in enumerate(table[word]):
                parts[token, slot * len(PHONEMES) + int(phoneme)] = 1.0
            capitals[token] = float(is_capital)
        self.register_buffer("parts", parts, persistent=False)
        self.register_buffer("capitals", capitals, persistent=False)

    def forward(self, own: Tensor) -> Tensor:
        """Return the embeddings of all tokens, in the shape of their own parts (tokens, width)."""
        parts, capitals = self.get_buffer("parts"), self.get_buffer("capitals")
        return own + parts @ self.slots.flatten(0, 1) + capitals * self.capital

    def right_inverse(self, weight: Tensor) -> Tensor:
        """Return what a word's own part begins with."""
        return weight
