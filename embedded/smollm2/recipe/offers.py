"""Tools as a request offers them, and requests that one or two of them fit."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from embedded.chat.recipe.phrasing import vary
from embedded.chat.recipe.sample import Split
from embedded.chat.recipe.skills.tool_catalog import KINDS
from embedded.chat.recipe.skills.tool_kinds import Argument, Kind
from embedded.chat.recipe.skills.tools import Offered, choose_names, word_kind
from embedded.smollm2.recipe.agent_tools import AGENT_KINDS

IMPLIED = "##"
"""Stands before the arguments that the words of a request imply."""
NOUNS = "The name of the {}|{} to use|Which {}|the {}|{}, as text"
ALSO = (" Also, ", " And ", " Then ", " and ", "\n", " After that, ")


def schema(argument: Argument) -> dict[str, Any]:
    """The JSON schema of an argument, whose kind is written as in the template of the model."""
    kind = argument.kind
    if kind.endswith("[]"):
        return {"type": "array", "items": {"type": kind[:-2]}}
    if kind.startswith("{"):
        names = kind.strip("{}").split(", ")
        return {
            "type": "object",
            "properties": {name: {"type": "string"} for name in names},
            "required": names,
        }
    enum = {"enum": list(argument.enum)} if argument.enum else {}
    return {"type": kind, **enum}


def offer_tool(rng: Random, kind: Kind, split: Split) -> Offered | None:
    """The tool as a request offers it; none if it is on the other side of the split."""
    if (chosen := choose_names(rng, kind, split)) is None:
        return None
    call, names = chosen
    properties = {
        name: schema(argument) for name, argument in zip(names, kind.arguments, strict=True)
    }
    if rng.random() < 0.2:
        for name, each in properties.items():
            each["description"] = rng.choice(NOUNS.split("|")).format(name.replace("_", " "))
    parameters: dict[str, Any] = {"type": "object", "properties": properties}
    if rng.random() < 0.7:
        # As in life: the first ones must be there, the others may be left out.
        parameters["required"] = list(names[: 1 + rng.randrange(len(names))]) if names else []
    function: dict[str, Any] = {"name": call}
    if rng.random() < 0.9:
        function["description"] = rng.choice(kind.descriptions)
    function["parameters"] = parameters
    return Offered({"type": "function", "function": function}, kind, names)


def any_kind(rng: Random, split: Split) -> Kind:
    """A kind of the chat model's recipe, one of an agent, or one of a verb and a noun."""
    roll = rng.random()
    if roll < 0.2:
        return word_kind(rng, split)
    return rng.choice(AGENT_KINDS if roll < 0.65 else KINDS)


def offer(rng: Random, split: Split, others: Sequence[int]) -> tuple[list[Offered], Offered]:
    """Some tools, and the one of them that is on the side of the split."""
    wanted = None
    while wanted is None:
        wanted = offer_tool(rng, any_kind(rng, split), split)
    offered, heads = [wanted], set(wanted.kind.names)
    for _ in range(rng.choice(others)):
        other = offer_tool(rng, any_kind(rng, Split.TRAIN), Split.TRAIN)
        if other and heads.isdisjoint(other.kind.names):
            heads |= set(other.kind.names)
            offered.append(other)
    rng.shuffle(offered)
    return offered, wanted


def show(value: Any) -> str:
    """A value as a person writes it."""
    if isinstance(value, list):
        *most, last = map(str, value)
        return f"{', '.join(most)} and {last}" if most else last
    if isinstance(value, dict):
        if len(value) == 1:
            return " ".join(f"{key} {each}" for key, each in value.items())
        return ", ".join(map(str, value.values()))
    return str(value)


def request(rng: Random, wanted: Offered, split: Split) -> tuple[str, dict[str, Any]]:
    """A request and the arguments that it gives."""
    form, _, implied = rng.choice(wanted.kind.requests).partition(IMPLIED)
    form = form.strip()
    values = [argument.make(rng, split) for argument in wanted.kind.arguments]
    given = {
        name: value
        for i, (name, value) in enumerate(zip(wanted.names, values, strict=True))
        if f"{{{i}}}" in form
    }
    for number, value in json.loads(implied or "{}").items():
        given[wanted.names[int(number)]] = value
    names = {f"n{i}": name.replace("_", " ") for i, name in enumerate(wanted.names)}
    return vary(rng, form.format(*map(show, values), **names), keep_case=True), given


def join_requests(rng: Random, first: str, second: str) -> str:
    """Two requests as one message."""
    return first.rstrip(" ") + rng.choice(ALSO) + second
