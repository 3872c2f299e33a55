# pyright: standard
"""``truncation: auto``: the oldest items of a conversation are left out until the rest fits.

Instructions, system and developer messages stay. Turns leave whole, the oldest first; of the last
turn, its calls leave together with their results. If the smallest rest is too long, its longest
text loses its beginning.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

Item = dict[str, Any]
Fits = Callable[[list[Item]], Awaitable[bool]]

ROOM = 256
"""Tokens that are left for the answer where a request does not limit it, or a quarter of the
context."""
PRECISION = 64
"""A text is cut to at least this part less one of what would fit."""

FIXED_ROLES = ("system", "developer")
PARTS = ("content", "output")
"""Fields of items that may hold parts."""
TEXTS = ("text", "output")
"""Fields of items and of their parts that may hold a long text."""


def answer_room(max_output_tokens: int | None, context: int) -> int:
    """Return how many tokens of the context are left for the answer."""
    return min(max_output_tokens or ROOM, context // 4)


async def truncate(items: list[Item], fits: Fits) -> list[Item]:
    """Return the items, or the newest of them that fit."""
    if await fits(items):
        return items
    rests = _list_rests(items)
    first, last = 0, len(rests)  # the rests get smaller, so those that fit are the last ones
    while first < last:
        middle = (first + last) // 2
        if await fits(_select(items, *rests[middle])):
            last = middle
        else:
            first = middle + 1
    if first < len(rests):
        return _select(items, *rests[first])
    return await _cut_text(_select(items, *rests[-1]), fits)


def _list_rests(items: Sequence[Item]) -> list[tuple[int, int]]:
    """Return what may be left of a conversation, the longest first.

    Each is the index of a question that stays (-1: none) and where the rest begins.
    """
    turns = [i for i, item in enumerate(items) if item.get("role") == "user"]
    question = turns[-1] if turns else -1
    starts = _list_starts(items, question + 1)
    return [*((turn, turn) for turn in turns), *((question, start) for start in starts)] or [(0, 0)]


def _select(items: Sequence[Item], question: int, start: int) -> list[Item]:
    return [
        item
        for i, item in enumerate(items)
        if i == question or i >= start or item.get("role") in FIXED_ROLES
    ]


def _list_starts(items: Sequence[Item], begin: int) -> list[int]:
    """Return where a rest may begin: no result in it is without its call."""
    last_calls = {
        item.get("call_id"): i
        for i, item in enumerate(items)
        if "arguments" in item or "input" in item
    }
    starts: list[int] = []
    latest = len(items)
    for i in range(len(items) - 1, begin - 1, -1):
        if "output" in items[i]:
            latest = min(latest, last_calls.get(items[i].get("call_id"), -1))
        if i <= latest:
            starts.append(i)
    return starts[::-1]


async def _cut_text(items: list[Item], fits: Fits) -> list[Item]:
    """Leave out the beginning of the longest text, as little of it as possible."""
    items = [_copy(item) for item in items]
    texts = [
        (holder, name)
        for item in items
        if item.get("role") not in FIXED_ROLES
        for holder in (item, *_parts(item))
        for name in TEXTS
        if isinstance(holder.get(name), str)
    ]
    if not texts:
        return items
    holder, name = max(texts, key=lambda each: len(each[0][each[1]]))
    text = holder[name]
    low, high = 0, len(text)  # numbers of characters that fit, and that do not
    while high - low > 1 + low // PRECISION:
        # Down in large steps first: to render a text far too long takes long.
        middle = (low + high) // 2 if low else high // 4
        if middle == 0:
            break
        holder[name] = text[-middle:]
        low, high = (middle, high) if await fits(items) else (low, middle)
    holder[name] = text[len(text) - low :]
    return items


def _parts(item: Item) -> list[Item]:
    return [p for name in PARTS if isinstance(item.get(name), list) for p in item[name]]


def _copy(item: Item) -> Item:
    lists = {name: item[name] for name in PARTS if isinstance(item.get(name), list)}
    return {**item, **{name: [dict(p) for p in parts] for name, parts in lists.items()}}
