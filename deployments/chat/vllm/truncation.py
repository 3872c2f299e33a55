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
        if await fits(rests[middle]):
            last = middle
        else:
            first = middle + 1
    return rests[first] if first < len(rests) else await _cut_text(rests[-1], fits)


def _list_rests(items: Sequence[Item]) -> list[list[Item]]:
    """Return what may be left of a conversation, the longest first."""
    turns = [i for i, item in enumerate(items) if item.get("role") == "user"]
    rests = [_select(items, range(start, len(items))) for start in turns]
    question = turns[-1:]
    begin = turns[-1] + 1 if turns else 0
    for start in range(begin, len(items)):
        if not _begins_with_result(items[start:]):
            rests.append(_select(items, [*question, *range(start, len(items))]))
    return rests or [list(items)]


def _select(items: Sequence[Item], indexes: Sequence[int]) -> list[Item]:
    kept = set(indexes)
    return [x for i, x in enumerate(items) if i in kept or x.get("role") in FIXED_ROLES]


def _begins_with_result(items: Sequence[Item]) -> bool:
    """Return whether the items have a result whose call is not among them."""
    calls = {item.get("call_id") for item in items if "arguments" in item or "input" in item}
    return any("output" in item and item.get("call_id") not in calls for item in items)


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
