# pyright: standard
"""Keeps the texts of tokens for log probabilities.

vLLM decodes each candidate of each token anew, on the event loop and in 20 µs.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

from vllm.tokenizers.detokenizer_utils import convert_ids_list_to_tokens
from vllm.v1.engine import logprobs

_TEXTS: WeakKeyDictionary[Any, dict[int, str]] = WeakKeyDictionary()


def keep_token_texts() -> None:
    """Have vLLM decode each token of a tokenizer once."""
    logprobs.convert_ids_list_to_tokens = decode_each  # type: ignore[assignment]


def decode_each(tokenizer: Any, token_ids: Sequence[int]) -> list[str]:
    """Return the text of each token, as vLLM's function does."""
    texts = _TEXTS.setdefault(tokenizer, {})
    unknown = [each for each in dict.fromkeys(token_ids) if each not in texts]
    texts.update(zip(unknown, convert_ids_list_to_tokens(tokenizer, unknown), strict=True))
    return [texts[each] for each in token_ids]
