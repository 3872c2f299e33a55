"""What a skill produces: one sample, either a conversation or a piece of plain text.

Also the one seed of the recipe and the rule that decides what is held out from training.
"""

from __future__ import annotations

import enum
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

SEED = 20261122
HELD_OUT_ONE_IN = 8

Message = dict[str, Any]
Tool = dict[str, Any]
T = TypeVar("T")


class Split(enum.Enum):
    """Which side of the held-out rule a sample is drawn from."""

    TRAIN = "train"
    HELD_OUT = "held-out"


@dataclass(frozen=True)
class Sample:
    """A conversation that ends with the expected answer, or plain text (`prompt`, `completion`).

    `drill` is plain text of which some parts are to be learnt and some only read.
    """

    messages: tuple[Message, ...] = ()
    tools: tuple[Tool, ...] = ()
    prompt: str = ""
    completion: str = ""
    drill: tuple[tuple[str, bool], ...] = ()

    @property
    def is_chat(self) -> bool:
        """Whether it is a conversation."""
        return bool(self.messages)

    @property
    def answer(self) -> str:
        """The text that the model is expected to produce last."""
        if not self.messages:
            return self.completion
        last = self.messages[-1]
        calls = last.get("tool_calls") or []
        text = [last["content"]] if last["content"] else []
        return "\n".join(text + [render_call(call["function"]) for call in calls])


Generator = Callable[[Random, Split], Sample]


def render_call(function: Message) -> str:
    """One tool call in the words that the Hermes parser of vLLM reads."""
    body = json.dumps(
        {"name": function["name"], "arguments": function["arguments"]}, ensure_ascii=False
    )
    return f"<tool_call>\n{body}\n</tool_call>"


def chat(user: str, answer: str, system: str = "", tools: Sequence[Tool] = ()) -> Sample:
    """A sample of one question and one answer."""
    lead: list[Message] = [{"role": "system", "content": system}] if system else []
    turns = [{"role": "user", "content": user}, {"role": "assistant", "content": answer}]
    return Sample(messages=tuple(lead + turns), tools=tuple(tools))


def plain(prompt: str, completion: str) -> Sample:
    """A sample of plain text without a chat template around it."""
    return Sample(prompt=prompt, completion=completion)


def is_held_out(key: str) -> bool:
    """Whether this key never appears in training; a checksum, so no list has to be stored."""
    return zlib.crc32(f"homeport:{key.lower()}".encode()) % HELD_OUT_ONE_IN == 0


def belongs(key: str, split: Split) -> bool:
    """Whether the key is on the side of the split."""
    return is_held_out(key) == (split is Split.HELD_OUT)


def draw(make: Callable[[], T], split: Split, key: Callable[[T], str] = str) -> T:
    """Draw from `make` until the thing drawn is on the side of the split."""
    for _ in range(10_000):
        thing = make()
        if belongs(key(thing), split):
            return thing
    raise RuntimeError(f"nothing on the {split.value} side after 10000 draws")
