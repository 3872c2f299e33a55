# pyright: standard
"""Inputs that come as ids of the model's own tokens: gives each what its text would have got.

That is the special tokens and the prompt, learned from what the model makes of two short texts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from deployments.sentence_transformers.encoder import Encoder, Encoding

PROBES = ("a", "z")


class UnknownTokenError(Exception):
    """The id at ``index`` is not in the vocabulary."""

    def __init__(self, index: int, token: int, size: int) -> None:
        super().__init__(f"token ids of this model are 0 to {size - 1}, received {token}")
        self.index = index


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands around every text under one prompt."""

    before: list[int]
    after: list[int]
    example: Encoding


class TokenIds:
    """Makes encodings of ids."""

    def __init__(self, encoder: Encoder, prompts: Iterable[str]) -> None:
        self._size = encoder.vocabulary_size
        self._limit = encoder.context_length
        self._frames = {prompt: _frame(encoder, prompt) for prompt in prompts}

    def encoding(self, ids: list[int], prompt: str, *, truncate: bool) -> Encoding:
        """Return what the text of these ids would be encoded as.

        They may have been made with or without special tokens.

        Raises:
            UnknownTokenError: an id is not in the vocabulary.
        """
        for extreme in (min(ids), max(ids)):
            if not 0 <= extreme < self._size:
                raise UnknownTokenError(ids.index(extreme), extreme, self._size)
        frame = self._frames[prompt]
        text = self._without_special_tokens(ids)
        if truncate:
            text = text[: max(0, self._limit - len(frame.before) - len(frame.after))]
        whole = frame.before + text + frame.after
        features = {name: [0] * len(whole) for name in frame.example.features}
        features |= {"input_ids": whole, "attention_mask": [1] * len(whole)}
        return Encoding(features, frame.example.shared)

    def _without_special_tokens(self, ids: list[int]) -> list[int]:
        before, after = self._frames[""].before, self._frames[""].after
        end = len(ids) - len(after)
        if end >= len(before) and ids[: len(before)] == before and ids[end:] == after:
            return ids[len(before) : end]
        return ids


def _frame(encoder: Encoder, prompt: str) -> _Frame:
    one, other = encoder.tokenize_now(list(PROBES), prompt)
    ids, others = one.features["input_ids"], other.features["input_ids"]
    if ids == others:  # neither text is in its vocabulary
        return _Frame([], [], one)
    start = _common(ids, others)
    end = _common(ids[::-1], others[::-1])
    return _Frame(ids[:start], ids[len(ids) - end :], one)


def _common(ids: list[int], others: list[int]) -> int:
    """Return how many ids both begin with."""
    pairs = zip(ids, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
