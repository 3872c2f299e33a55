"""Marks along a prompt, by which a request is sent to where its beginning is cached.

Pure, and cheap enough for every request. Two prompts that begin alike have their first marks in
common, whatever follows. Marks are hints: a wrong one costs time and never an answer.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from pydantic_core import to_json

from wire.bodies import Body
from wire.calls import Operation, Prefix
from wire.operations import AnyBody

OPERATIONS = frozenset(
    {Operation.CHAT_COMPLETION, Operation.COMPLETION, Operation.MESSAGE, Operation.RESPONSE}
)
"""Those that leave the prompt in the engine's cache; counting tokens does not."""

BEFORE = ("tools", "functions", "system", "instructions")
"""Fields that chat templates write before the conversation, in this order."""
CONVERSATION = ("messages", "prompt", "input")

BLOCK = 1024
"""Bytes between two marks within one message: some 250 tokens."""
MARKED_BLOCKS = 64
"""Blocks of one message that get a mark; what is longer gets one more at its end."""
MARKS = 64
"""Marks that are kept at the beginning, where prompts differ, and as many at the end, where a
conversation goes on."""
MEDIA = 4096
"""A longer string in an image or a recording is known by its length and its ends."""


def prefix_of(operation: Operation, body: AnyBody, adapter: str) -> Prefix | None:
    """Return the marks along the prompt of a request to a language model, if it has one.

    The adapter and the salt are in all of them, since the engine's cache is kept apart by both.
    """
    if operation not in OPERATIONS or isinstance(body, Body):
        return None
    seed = to_json((adapter, body.get("cache_salt")), serialize_unknown=True)
    digest = blake2b(seed, digest_size=8)
    marks: list[tuple[int, int]] = []
    first = size = 0
    for is_user, data in _written(body):
        for block in _blocks(data):
            digest.update(block)
            size += len(block)
            marks.append((int.from_bytes(digest.digest()), size))
        if is_user and not first:
            first = len(marks)
    if not marks:
        return None
    home, home_bytes = marks[first - 1]
    if isinstance(key := body.get("prompt_cache_key"), str):
        home = int.from_bytes(blake2b(key.encode(), digest_size=8).digest())
    if len(marks) > 2 * MARKS:
        del marks[MARKS:-MARKS]
    return Prefix(home, home_bytes, tuple(marks))


def _written(body: Mapping[str, Any]) -> Iterator[tuple[bool, bytes]]:
    """Yield each part of a prompt in its order, and whether a user said it."""
    for name in BEFORE:
        if body.get(name):
            yield False, to_json(body[name])
    for name in CONVERSATION:
        said = body.get(name) or ()
        for item in said if _is_list_of_items(said) else (said,) if said else ():
            role = item.get("role") if isinstance(item, dict) else "user"
            yield role == "user", _bytes_of(item)


def _is_list_of_items(said: Any) -> bool:
    """Whether it is messages or texts, and not one text or its token ids."""
    return isinstance(said, list) and not isinstance(said[0], int)


def _bytes_of(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, dict) and isinstance(item.get("content"), list):
        item = {**item, "content": [_brief(part) for part in item["content"]]}
    return to_json(item)


def _brief(part: Any) -> Any:
    """Return a part of a message without the most of its image or sound."""
    if isinstance(part, dict) and "text" not in part:
        return {name: _brief(value) for name, value in part.items()}
    if isinstance(part, str) and len(part) > MEDIA:
        return [len(part), part[: MEDIA // 2], part[-MEDIA // 2 :]]
    return part


def _blocks(data: bytes) -> Iterator[bytes]:
    end = MARKED_BLOCKS * BLOCK
    for start in range(0, min(len(data), end), BLOCK):
        yield data[start : start + BLOCK]
    if len(data) > end:
        yield data[end:]
