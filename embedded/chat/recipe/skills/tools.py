"""Choosing one of the offered tools and filling its arguments from the request."""

from __future__ import annotations

from random import Random
from typing import Any

from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Message, Sample, Split, Tool, belongs, draw
from embedded.chat.recipe.skills.tool_catalog import KINDS, VERBS
from embedded.chat.recipe.skills.tool_kinds import Argument, Kind, some_code, some_word, whole
from embedded.chat.recipe.vocabulary import WORDS, city, made_up, name

# The best known example of a tool is kept out of training as a whole, whatever its arguments.
UNSEEN_NAMES = frozenset({"get_current_weather"})


def restyled(rng: Random, tool_name: str) -> str:
    """The name as another programmer would have written it."""
    roll = rng.random()
    if roll < 0.1:
        head, *rest = tool_name.split("_")
        return head + "".join(part.capitalize() for part in rest)
    if roll < 0.15:
        return tool_name.replace("_", "-")
    return tool_name


def made_up_kind(rng: Random, split: Split) -> Kind:
    """A tool nobody has seen; its request repeats its name, its arguments or both."""

    def make() -> Kind:
        verb = rng.choice(VERBS) if rng.random() < 0.5 else made_up(rng)
        noun = rng.choice(WORDS) if rng.random() < 0.5 else made_up(rng)
        count = rng.choice((0, 1, 1, 2, 2, 3))
        arguments: list[Argument] = []
        words: list[str] = []
        while len(words) < count:
            word = made_up(rng) if rng.random() < 0.4 else rng.choice(WORDS)
            words += [] if word in words else [word]
        for word in words:
            kind = rng.choice(("string", "string", "integer"))
            maker = (
                rng.choice((some_word, some_word, some_code, city, name))
                if kind == "string"
                else whole(0, 200)
            )
            arguments.append(Argument((word,), kind, maker))
        call = rng.choice((f"{verb}_{noun}", f"{noun}_{verb}", f"{verb}_the_{noun}", verb))
        description = rng.choice(
            (
                f"{verb.capitalize()} the {noun}.",
                f"{verb.capitalize()} a {noun}",
                f"Use this to {verb} the {noun}.",
            )
        )
        names = [argument.names[0] for argument in arguments]
        with_list = " and ".join(f"{n} {{{i}}}" for i, n in enumerate(names))
        set_list = ", ".join(f"{n} = {{{i}}}" for i, n in enumerate(names))
        heads = (
            f"{verb.capitalize()} the {noun}",
            f"Please {verb} the {noun}",
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


def offered(rng: Random, kind: Kind, split: Split) -> tuple[Tool, list[str]] | None:
    """The tool as a request offers it, with its arguments' names; none if on the other side."""
    names: list[str] = []
    for argument in kind.arguments:
        names.append(rng.choice([n for n in argument.names if n not in names]))
    call = rng.choice(kind.names)
    if len(kind.names) > 1:
        seen = belongs(f"offer:{call}({','.join(names)})", Split.TRAIN) and call not in UNSEEN_NAMES
        if seen != (split is Split.TRAIN):
            return None
    properties: dict[str, Any] = {}
    for argument, argument_name in zip(kind.arguments, names, strict=True):
        properties[argument_name] = {"type": argument.kind}
        if argument.enum:
            properties[argument_name]["enum"] = list(argument.enum)
    function: dict[str, Any] = {"name": restyled(rng, call)}
    if rng.random() < 0.9:
        function["description"] = rng.choice(kind.descriptions)
    function["parameters"] = {"type": "object", "properties": properties}
    return {"type": "function", "function": function}, names


def any_kind(rng: Random, split: Split) -> Kind:
    """A listed or a made-up kind."""
    return made_up_kind(rng, split) if rng.random() < 0.4 else rng.choice(KINDS)


def offer(rng: Random, split: Split) -> tuple[list[Tool], Kind, int, list[str]]:
    """One to five tools, the kind of the wanted one, its place, and its argument names."""
    made = None
    while made is None:
        wanted = any_kind(rng, split)
        made = offered(rng, wanted, split)
    tool, names = made
    tools, heads = [tool], {wanted.names[0], tool["function"]["name"]}
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 2, 3, 4))):
        other = any_kind(rng, Split.TRAIN)
        beside = offered(rng, other, Split.TRAIN)
        if beside is None:
            continue
        extra, _ = beside
        if other.names[0] not in heads and extra["function"]["name"] not in heads:
            heads |= {other.names[0], extra["function"]["name"]}
            tools.append(extra)
    rng.shuffle(tools)
    return tools, wanted, tools.index(tool), names


def request(rng: Random, kind: Kind, names: list[str], split: Split) -> tuple[str, dict[str, Any]]:
    """A request and the arguments that it gives."""
    form = rng.choice(kind.requests)
    values = [argument.make(rng, split) for argument in kind.arguments]
    given = {n: v for i, (n, v) in enumerate(zip(names, values, strict=True)) if f"{{{i}}}" in form}
    return vary(rng, form.format(*values), keep_case=True), given


def calling(call: str, arguments: dict[str, Any]) -> Message:
    """The assistant's message with one call."""
    function = {"name": call, "arguments": arguments}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"type": "function", "function": function}],
    }


def call_tool(rng: Random, split: Split) -> Sample:
    """A request that one of the offered tools fits."""
    tools, kind, place, names = offer(rng, split)
    question, arguments = request(rng, kind, names, split)
    answer = calling(tools[place]["function"]["name"], arguments)
    return Sample(messages=({"role": "user", "content": question}, answer), tools=tuple(tools))
