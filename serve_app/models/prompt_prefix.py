"""Marks along a prompt, by which a request is routed to a replica with its prefix in the cache.

Two prompts with a common prefix have their first marks in common. Marks are hints: a wrong one
costs time but does not change the answer. No I/O, and cheap enough for every request.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, cast

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
END_CHARS = 2**16
"""Of a text that is longer than its marked blocks by this, the end has so many characters. The part
between, of which only the length is hashed, could distinguish what differs in nothing else."""
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
            yield False, to_json(_cut(body[name]))
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
        return _cut(item).encode()
    if not isinstance(item, dict):
        return to_json(_cut(item))
    content = item.get("content")
    if isinstance(content, list):
        item = {**item, "content": [_shorten(part) for part in content]}
    elif isinstance(content, str) and len(content) > END_CHARS:
        item = {**item, "content": _cut(content)}
    return to_json(item)


def _cut(value: Any) -> Any:
    """Return a text, or a list of token ids, of which the middle is left out if it is long."""
    marked = MARKED_BLOCKS * BLOCK
    if not isinstance(value, str | list) or len(items := cast("Any", value)) <= marked + END_CHARS:
        return value
    size = len(items)
    return items[:marked] + (str(size) if isinstance(value, str) else [size]) + items[-END_CHARS:]


def _shorten(part: Any) -> Any:
    """Return a part of a message with its text, image or recording shortened."""
    if isinstance(part, dict):
        if "text" in part:
            return {**part, "text": _cut(part["text"])}
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
