"""Conversations with tools: calls, their results, and messages that none of the tools fits."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from embedded.chat.recipe.phrasing import system_prompt
from embedded.chat.recipe.sample import Message, Sample, Split
from embedded.chat.recipe.skills.tools import Offered, calling
from embedded.smollm2.recipe.offers import (
    any_kind,
    join_requests,
    offer,
    offer_tool,
    request,
)
from embedded.smollm2.recipe.own_answers import OwnAnswer, own_answers
from embedded.smollm2.recipe.results import ACTIONS, result

NO_TOOL = "None of my tools can do that."
OTHERS = (0, 0, 1, 1, 2, 2, 3, 4, 5, 7)
FINDS_ANYTHING = frozenset({"search", "fetch", "http_request", "get_user", "query_database"})
"""Tools that may well be used for an ordinary question."""
REFUSED = ACTIONS | {
    *("get_weather", "get_time", "get_date", "get_stock_price", "get_order", "book_flight"),
    *("list_events", "convert", "create_issue", "find_restaurant", "run_command", "read_file"),
}
"""Of which only a tool can do what is requested."""
CUT = "cut"
"""Marks an answer whose end is not the end of what the model would say."""


def call_tool(rng: Random, split: Split) -> Sample:
    """A request that one of the tools fits."""
    offered, wanted = offer(rng, split, OTHERS)
    said, arguments = request(rng, wanted, split)
    turns = [{"role": "user", "content": said}, calling((wanted.call, arguments))]
    return as_sample(rng, offered, turns)


def call_two(rng: Random, split: Split) -> Sample:
    """Two requests in one message."""
    offered, wanted = offer(rng, split, OTHERS)
    return as_sample(rng, offered, two_calls(rng, wanted, rng.choice(offered), split))


def two_calls(rng: Random, first: Offered, second: Offered, split: Split) -> list[Message]:
    """The message and its two calls."""
    (one, given), (other, more) = request(rng, first, split), request(rng, second, split)
    return [
        {"role": "user", "content": join_requests(rng, one, other)},
        calling((first.call, given), (second.call, more)),
    ]


def tool_result(rng: Random, split: Split) -> Sample:
    """A call, what it returned, and the sentence that reports it."""
    offered, wanted = offer(rng, Split.TRAIN, OTHERS)
    return as_sample(rng, offered, report_turns(rng, wanted, split))


def report_turns(rng: Random, wanted: Offered, split: Split) -> list[Message]:
    """A request, its call, the result and the report."""
    said, arguments = request(rng, wanted, split)
    content, reported = result(rng, split, wanted.kind.names[0], arguments)
    return [
        {"role": "user", "content": said},
        calling((wanted.call, arguments)),
        {"role": "tool", "content": content},
        {"role": "assistant", "content": reported},
    ]


def no_call(rng: Random, split: Split) -> Sample:
    """An ordinary question, which the model answers as it would without the tools."""
    while True:
        offered, _ = offer(rng, Split.TRAIN, OTHERS)
        own = rng.choice(own_answers(split))
        if not might_fit(own.question, offered):
            return as_sample(rng, offered, own_turns(own))


def ordinary(rng: Random, split: Split) -> Sample:
    """An ordinary question without any tools, and the model's own answer."""
    return as_sample(rng, (), own_turns(rng.choice(own_answers(split))))


def refuse(rng: Random, split: Split) -> Sample:
    """A request for which there is no tool."""
    offered, _ = offer(rng, Split.TRAIN, OTHERS)
    return as_sample(rng, offered, refusal_turns(rng, offered, split))


def refusal_turns(rng: Random, offered: Sequence[Offered], split: Split) -> list[Message]:
    """The request and the answer that no tool fits."""
    heads = {name for each in offered for name in each.kind.names}
    while True:
        other = offer_tool(rng, any_kind(rng, split), split)
        if (
            other
            and heads.isdisjoint(other.kind.names)
            and (other.kind.names[0] in REFUSED or len(other.kind.names) == 1)
        ):
            said, _ = request(rng, other, split)
            if other.call not in said:
                return [
                    {"role": "user", "content": said},
                    {"role": "assistant", "content": NO_TOOL},
                ]


def several_turns(rng: Random, split: Split) -> Sample:
    """Several turns with the same tools: much is learnt of one list of tools."""
    offered, _ = offer(rng, split, OTHERS)
    turns: list[Message] = []
    for _ in range(rng.choice((2, 3, 4, 5, 6))):
        roll = rng.random()
        if roll < 0.35:
            turns += report_turns(rng, rng.choice(offered), split)
        elif roll < 0.6:
            said, arguments = request(rng, used := rng.choice(offered), split)
            turns += [{"role": "user", "content": said}, calling((used.call, arguments))]
            turns += [
                {
                    "role": "tool",
                    "content": (told := result(rng, split, used.kind.names[0], arguments))[0],
                },
                {"role": "assistant", "content": told[1]},
            ]
        elif roll < 0.8:
            own = rng.choice(own_answers(split))
            if not might_fit(own.question, offered):
                turns += own_turns(own)
        else:
            turns += refusal_turns(rng, offered, split)
    if not turns or rng.random() < 0.3:
        turns += two_calls(rng, rng.choice(offered), rng.choice(offered), split)
    return as_sample(rng, offered, turns)


def own_turns(own: OwnAnswer) -> list[Message]:
    """A question and the model's own answer, of which the first sentences are enough."""
    words = own.answer.split(" ")
    answer = {"role": "assistant", "content": " ".join(words[:40]).strip()}
    if not own.whole or len(words) > 40:
        answer[CUT] = "yes"
    return [{"role": "user", "content": own.question}, answer]


def might_fit(question: str, offered: Sequence[Offered]) -> bool:
    """Whether one of the tools could be used for the question."""
    asked = set("".join(c if c.isalnum() else " " for c in question.lower()).split())
    for each in offered:
        head = each.kind.names[0]
        names = {part for name in (*each.kind.names, each.call) for part in name.lower().split("_")}
        if head in FINDS_ANYTHING or names & asked:
            return True
        if any(word.isdigit() for word in asked) and head in ("add", "multiply", "calculator"):
            return True
    return False


def as_sample(rng: Random, offered: Sequence[Offered], turns: list[Message]) -> Sample:
    """The conversation, perhaps below a system message."""
    if rng.random() < 0.3:
        turns = [{"role": "system", "content": system_prompt(rng)}, *turns]
    return Sample(messages=tuple(turns), tools=tuple(each.tool for each in offered))
