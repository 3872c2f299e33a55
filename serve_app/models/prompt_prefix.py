"""Marks along a prompt, by which a request is routed to a replica with its prefix in the cache.

Two prompts with a common prefix have their first marks in common. Marks are hints: a wrong one
costs time but does not change the answer. No I/O, and cheap enough for every request.
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
"""Operations after which the prompt is in the engine's cache; token counts are not among them."""

BEFORE = ("tools", "functions", "system", "instructions")
"""Fields that chat templates write before the conversation, in this order."""
CONVERSATION = ("messages", "prompt", "input")

BLOCK = 1024
"""Bytes between two marks in one message: about 250 tokens."""
MARKED_BLOCKS = 64
"""Blocks of one message that get a mark; a longer message has one more at its end."""
MARKS = 64
"""Marks that are sent from the beginning of a prompt, where prompts differ, and as many from its
end, where a conversation continues."""
MEDIA_CHARS = 4096
"""Maximum length of a string in an image or a recording that is hashed whole. Of a longer one, the
length and the two ends are hashed."""


def prefix_of(operation: Operation, body: AnyBody, adapter: str) -> Prefix | None:
    """Return the marks along the prompt of a request to a language model, if it has one.

    All marks depend on the adapter and the salt: the engine has a separate cache for each.
    """
    if operation not in OPERATIONS or isinstance(body, Body):
        return None
    seed = to_json((adapter, body.get("cache_salt")), serialize_unknown=True)
    digest = blake2b(seed, digest_size=8)
    marks: list[tuple[int, int]] = []
    first = size = 0
    for is_user, data in _read_parts(body):
        for block in _split_blocks(data):
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


def _read_parts(body: Mapping[str, Any]) -> Iterator[tuple[bool, bytes]]:
    """Yield each part of a prompt in order, and whether it is a user's."""
    for name in BEFORE:
        if body.get(name):
            yield False, to_json(body[name])
    for name in CONVERSATION:
        value = body.get(name) or ()
        for item in value if _is_list_of_items(value) else (value,) if value else ():
            role = item.get("role") if isinstance(item, dict) else "user"
            yield role == "user", _encode(item)


def _is_list_of_items(value: Any) -> bool:
    """Whether a value is a list of messages or texts, not one text or its token ids."""
    return isinstance(value, list) and not isinstance(value[0], int)


def _encode(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, dict) and isinstance(item.get("content"), list):
        item = {**item, "content": [_shorten(part) for part in item["content"]]}
    return to_json(item)


def _shorten(part: Any) -> Any:
    """Return a part of a message with its image or recording shortened."""
    if isinstance(part, dict) and "text" not in part:
        return {name: _shorten(value) for name, value in part.items()}
    if isinstance(part, str) and len(part) > MEDIA_CHARS:
        return [len(part), part[: MEDIA_CHARS // 2], part[-MEDIA_CHARS // 2 :]]
    return part


def _split_blocks(data: bytes) -> Iterator[bytes]:
    end = MARKED_BLOCKS * BLOCK
    for start in range(0, min(len(data), end), BLOCK):
        yield data[start : start + BLOCK]
    if len(data) > end:
        yield data[end:]
