"""Turns around tools that are no call: none of the tools fits, or a result is to be told."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from embedded.chat.recipe.listing import words
from embedded.chat.recipe.sample import Sample, Split, draw
from embedded.chat.recipe.skills import arithmetic, copying, facts, manners, numbers, unknown
from embedded.chat.recipe.skills.tool_catalog import VERBS
from embedded.chat.recipe.skills.tool_kinds import some_code, some_word
from embedded.chat.recipe.skills.tools import conversation, offer
from embedded.chat.recipe.vocabulary import WORDS, city, make_up_word, name

# Set results are always trained; all others are drawn afresh and may be held out.
SET_RESULTS = ("done", "OK", "error: not found")
SKIES = ("sunny", "cloudy", "rainy", "windy")
RESULT_FIELDS = words("""
    temperature condition time price status name city unit total location wind sent result date
    colour count id title user answer message
""")
PLAIN: tuple[Callable[[Random, Split], Sample], ...] = (
    manners.generate,
    manners.generate,
    facts.generate,
    unknown.generate,
    unknown.generate,
    copying.repeat,
    numbers.counting,
    arithmetic.generate,
)
ABOUT_TOOLS = frozenset(
    words("""
        weather time date today search look find who order send email message stock price convert
        translate play flight track book turn add plus sum times multiply light alarm timer note
        much buy tell get
    """)
)


def no_call(rng: Random, split: Split) -> Sample:
    """Tools are offered but none of them fits: the answer is the one without tools."""
    tools = [offered.tool for offered in offer(rng, Split.TRAIN)[0]]
    while True:
        sample = rng.choice(PLAIN)(rng, split)
        if not sample.is_chat or len(sample.messages) != 2:
            continue
        text = sample.messages[0]["content"].lower()
        said = set("".join(c if c.isalpha() else " " for c in text).split())
        names = " ".join(t["function"]["name"] for t in tools).lower().replace("_", " ")
        if (
            not said & ABOUT_TOOLS
            and not said.intersection(VERBS)
            and "+" not in text
            and "*" not in text
            and not said & set(names.split())
        ):
            return Sample(messages=sample.messages, tools=tuple(tools))


def sentence(result: dict[str, Any]) -> str:
    """What a result says, as a plain sentence."""
    parts = [
        f"the {key.replace('_', ' ')} is {str(v).lower() if isinstance(v, bool) else v}"
        for key, v in result.items()
    ]
    text = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
    return text[0].upper() + text[1:] + "."


def result(rng: Random, split: Split) -> tuple[str, str]:
    """What a tool gives back and the plain sentence that says it."""
    if rng.random() < 0.4:
        text = rng.choice(
            (
                f"{rng.randint(-9, 39)} degrees and {rng.choice(SKIES)}",
                some_word(rng, split),
                str(rng.randint(0, 9999)),
                f"{some_word(rng, split)} {some_word(rng, split)}",
                f"{rng.randint(0, 23)}:{rng.randint(10, 59)}",
                rng.choice(SET_RESULTS) if split is Split.TRAIN else str(rng.randint(10, 99)),
                some_code(rng, split),
                name(rng, split),
                city(rng, split),
            )
        )
        return text, f"The result is: {text}"
    odd = [make_up_word(rng) if rng.random() < 0.3 else rng.choice(WORDS) for _ in range(2)]
    keys = rng.sample((*RESULT_FIELDS, *odd), rng.choice((1, 1, 2, 2, 3, 3)))
    held: dict[str, Any] = {}
    for key in keys:
        if key in ("temperature", "price", "total", "count", "wind", "id") or rng.random() < 0.1:
            held[key] = rng.randint(0, 99)
        elif key == "sent":
            held[key] = rng.random() < 0.5
        else:
            held[key] = city(rng, split) if key in ("city", "location") else some_word(rng, split)
    return json.dumps(held, ensure_ascii=False), sentence(held)


def result_key(pair: tuple[str, str]) -> str:
    """What decides on which side of the split a result is."""
    return "" if pair[0] in SET_RESULTS else f"result:{pair[0]}"


def call_tool(rng: Random, split: Split) -> Sample:
    """A request that one of the offered tools fits; in training further ones after results."""
    follow_up = partial(draw_result, split=split) if split is Split.TRAIN else None
    return conversation(rng, split, follow_up)


def draw_result(rng: Random, split: Split) -> tuple[str, str]:
    """A result on the side of the split and the sentence that tells it."""
    return draw(lambda: result(rng, split), split, key=result_key)


def tool_result(rng: Random, split: Split) -> Sample:
    """A call, its result and the sentence that reports it."""
    asked = conversation(rng, Split.TRAIN)
    content, answer = draw_result(rng, split)
    turns = [
        *asked.messages,
        {"role": "tool", "content": content},
        {"role": "assistant", "content": answer},
    ]
    if split is Split.TRAIN and rng.random() < 0.15:
        turns += manners.generate(rng, split).messages
    return Sample(messages=tuple(turns), tools=asked.tools)
