"""A model that writes at random, but only what a grammar allows."""

import json
import random
from typing import Any

import numpy as np
import xgrammar

END = 256
"""The token that ends an answer; the others are the bytes."""
CLOSING = frozenset(b'"}]')
BLANKS = frozenset(b" \n\r\t")
LIKELY = frozenset(b"ab19")
"""Written more often where anything may stand, so that answers are of some use to a reader."""


class Obeying:
    """Writes answers byte by byte."""

    def __init__(self) -> None:
        vocabulary = [bytes([byte]) for byte in range(END)] + [b"</s>"]
        tokens = xgrammar.TokenizerInfo(
            vocabulary, xgrammar.VocabType.RAW, vocab_size=END + 1, stop_token_ids=[END]
        )
        self._compiler = xgrammar.GrammarCompiler(tokens, max_threads=1)

    def compile(self, schema: Any) -> xgrammar.CompiledGrammar:
        """Compile a schema as the engine does, with at most one blank between tokens."""
        form = {"type": "json_schema", "json_schema": schema, "max_whitespace_cnt": 1}
        tag = {"type": "structural_tag", "format": form}
        return self._compiler.compile_structural_tag(json.dumps(tag))

    def allows(self, grammar: xgrammar.CompiledGrammar, text: str) -> bool:
        """Return whether an answer may be this text, as a string of JSON."""
        matcher = xgrammar.GrammarMatcher(grammar)
        return all(matcher.accept_token(byte) for byte in [*json.dumps(text).encode(), END])

    def write(
        self, grammar: xgrammar.CompiledGrammar, dice: random.Random, limit: int = 80
    ) -> str | None:
        """Return an answer; None: it had no end after five times the limit, or is no text.

        Raises:
            RuntimeError: the grammar allows nothing more, and not the end.
        """
        matcher = xgrammar.GrammarMatcher(grammar)
        mask = xgrammar.allocate_token_bitmask(1, END + 1)
        answer = bytearray()
        for length in range(5 * limit):
            matcher.fill_next_token_bitmask(mask)
            bits = np.unpackbits(mask.numpy().view(np.uint8).reshape(-1), bitorder="little")
            allowed = np.flatnonzero(bits[: END + 1]).tolist()
            if not allowed:
                raise RuntimeError(f"nothing may follow {bytes(answer)!r}")
            if END in allowed and (length > limit or dice.random() < 0.4):
                return _decode(answer)
            token = _choose([each for each in allowed if each != END], dice, length > limit)
            if token is None:
                return _decode(answer)
            assert matcher.accept_token(token)
            answer.append(token)
        return None


def _decode(answer: bytearray) -> str | None:
    try:
        return answer.decode()
    except UnicodeDecodeError:
        return None  # half of a surrogate pair, which xgrammar allows and tokenizers do not have


def _choose(allowed: list[int], dice: random.Random, is_late: bool) -> int | None:
    closing = [byte for byte in allowed if byte in CLOSING]
    if closing and (is_late or dice.random() < 0.15):
        return dice.choice(closing)
    visible = [byte for byte in allowed if byte not in BLANKS] or allowed
    if len(visible) > 60 and dice.random() < 0.8:
        visible = [byte for byte in visible if byte in LIKELY] or visible
    return dice.choice(visible) if visible else None
