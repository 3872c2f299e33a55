"""Choosing one of the offered tools and filling its arguments from the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from embedded.chat.recipe.listing import words
from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Message, Sample, Split, Tool, belongs, draw
from embedded.chat.recipe.skills.tool_catalog import KINDS, NOUNS, VERBS
from embedded.chat.recipe.skills.tool_kinds import (
    Argument,
    Kind,
    Maker,
    some_code,
    some_word,
    whole,
)
from embedded.chat.recipe.vocabulary import WORDS, city, name

# The best known example of a tool is kept out of training as a whole, whatever its arguments.
UNSEEN_NAMES = frozenset({"get_current_weather"})
FIELDS = {
    "string": words("""
        name title text user email city country colour status language message code item file type
        mode owner unit note tag
    """),
    "integer": words("""
        id count number amount size age year price quantity level page hours minutes days score
        height weight index
    """),
}
FIELD_KINDS: tuple[tuple[str, tuple[Maker, ...]], ...] = (
    ("string", (some_word, some_word, some_code, city, name)),
    ("integer", (whole(0, 200),)),
)


def free_argument(rng: Random) -> tuple[str, str, Maker]:
    """The name of an argument, its type and how its values come about."""
    if rng.random() < 0.75:
        kind, makers = rng.choice(FIELD_KINDS)
        return rng.choice(FIELDS[kind]), kind, rng.choice(makers)
    return rng.choice(WORDS), "string", rng.choice(FIELD_KINDS[0][1])


def word_kind(rng: Random, split: Split) -> Kind:
    """A tool named by a verb and a noun that its request repeats."""

    def make() -> Kind:
        verb = rng.choice(VERBS)
        noun = rng.choice((*NOUNS, *WORDS))
        count = rng.choice((0, 1, 1, 1, 2, 2))
        arguments: list[Argument] = []
        while len(arguments) < count:
            taken = {argument.names[0] for argument in arguments}
            field, kind, maker = free_argument(rng)
            if field not in taken:
                arguments.append(Argument((field,), kind, maker))
        call = f"{verb}_{noun}"
        description = rng.choice(
            (
                f"{verb.capitalize()} the {noun}.",
                f"{verb.capitalize()} a {noun}",
                f"{verb.capitalize()}s the {noun}.",
                f"Use this to {verb} the {noun}.",
            )
        )
        names = [argument.names[0] for argument in arguments]
        with_list = " and ".join(f"{n} {{{i}}}" for i, n in enumerate(names))
        set_list = ", ".join(f"{n} = {{{i}}}" for i, n in enumerate(names))
        heads = (
            f"{verb.capitalize()} the {noun}",
            f"{verb.capitalize()} a {noun}",
            f"Please {verb} the {noun}",
            f"Please {verb} a {noun}",
            f"Can you {verb} the {noun}",
            f"Call {call}",
            f"Use {call}",
            f"I want to {verb} a {noun}",
        )
        if count:
            requests = tuple(f"{h} with {with_list}." for h in heads) + tuple(
                f"{h}: {set_list}" for h in heads
            )
        else:
            requests = tuple(f"{h}." for h in heads)
        return Kind((call,), (description,), tuple(arguments), requests)

    return draw(
        make, split, key=lambda kind: f"tool:{kind.names[0]}:{[a.names for a in kind.arguments]}"
    )


@dataclass(frozen=True)
class Offered:
    """A tool as a request offers it, its kind and the names that its arguments have there."""

    tool: Tool
    kind: Kind
    names: tuple[str, ...]

    @property
    def call(self) -> str:
        """The name by which it is called."""
        return self.tool["function"]["name"]


def choose_names(rng: Random, kind: Kind, split: Split) -> tuple[str, tuple[str, ...]] | None:
    """The names of a tool and its arguments; none if they are on the other side of the split."""
    names: list[str] = []
    for argument in kind.arguments:
        names.append(rng.choice([n for n in argument.names if n not in names]))
    call = rng.choice(kind.names)
    if len(kind.names) > 1:
        seen = belongs(f"offer:{call}({','.join(names)})", Split.TRAIN) and call not in UNSEEN_NAMES
        if seen != (split is Split.TRAIN):
            return None
    return call, tuple(names)


def offer_tool(rng: Random, kind: Kind, split: Split) -> Offered | None:
    """The tool as a request offers it; none if it is on the other side of the split."""
    if (chosen := choose_names(rng, kind, split)) is None:
        return None
    call, names = chosen
    properties: dict[str, Any] = {}
    for argument, argument_name in zip(kind.arguments, names, strict=True):
        properties[argument_name] = {"type": argument.kind}
        if argument.enum:
            properties[argument_name]["enum"] = list(argument.enum)
    function: dict[str, Any] = {"name": call}
    if rng.random() < 0.9:
        function["description"] = rng.choice(kind.descriptions)
    function["parameters"] = {"type": "object", "properties": properties}
    return Offered({"type": "function", "function": function}, kind, names)


def any_kind(rng: Random, split: Split) -> Kind:
    """A listed kind or one of a verb and a noun."""
    return word_kind(rng, split) if rng.random() < 0.4 else rng.choice(KINDS)


def offer(rng: Random, split: Split) -> tuple[list[Offered], Offered]:
    """One to five tools, and the one of them that is on the side of the split."""
    wanted = None
    while wanted is None:
        wanted = offer_tool(rng, any_kind(rng, split), split)
    tools, heads = [wanted], {wanted.kind.names[0], wanted.call}
    for _ in range(rng.choice((0, 0, 1, 1, 2, 2, 3, 4))):
        other = offer_tool(rng, any_kind(rng, Split.TRAIN), Split.TRAIN)
        if other and other.kind.names[0] not in heads and other.call not in heads:
            heads |= {other.kind.names[0], other.call}
            tools.append(other)
    rng.shuffle(tools)
    return tools, wanted


def request(rng: Random, wanted: Offered, split: Split) -> tuple[str, dict[str, Any]]:
    """A request and the arguments that it gives."""
    kind, names = wanted.kind, wanted.names
    form = rng.choice(kind.requests)
    values = [argument.make(rng, split) for argument in kind.arguments]
    given = {n: v for i, (n, v) in enumerate(zip(names, values, strict=True)) if f"{{{i}}}" in form}
    return vary(rng, form.format(*values), keep_case=True), given


def calling(*calls: tuple[str, dict[str, Any]]) -> Message:
    """The assistant's message with these calls."""
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"type": "function", "function": {"name": call, "arguments": arguments}}
            for call, arguments in calls
        ],
    }


def conversation(
    rng: Random, split: Split, follow_up: Callable[[Random], tuple[str, str]] | None = None
) -> Sample:
    """A request that one of the offered tools fits; with a follow-up, further ones after results.

    `follow_up` gives a tool's result and the sentence that tells it.
    """
    tools, wanted = offer(rng, split)
    turns: list[Message] = []
    more = rng.choice((0, 1, 1, 2, 3)) if follow_up else 0
    for left in range(more, -1, -1):
        used = rng.choice(tools) if follow_up else wanted
        question, arguments = request(rng, used, split)
        turns += [{"role": "user", "content": question}, calling((used.call, arguments))]
        if left and follow_up:
            content, told = follow_up(rng)
            turns += [
                {"role": "tool", "content": content},
                {"role": "assistant", "content": told},
            ]
    return Sample(messages=tuple(turns), tools=tuple(t.tool for t in tools))
