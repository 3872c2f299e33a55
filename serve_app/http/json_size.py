"""Counts the values of a JSON text before they become objects, which take ten times its size.

Strings are skipped, so that a long prompt with JSON in it counts as one value.
"""

import asyncio
import re
import time
from collections.abc import Iterator

from wire.errors import RequestTooLargeError
from wire.limits import MAX_BODY_BACKSLASHES, MAX_BODY_OBJECTS, MAX_BODY_VALUES

SMALL_BYTES = 3 * MAX_BODY_OBJECTS
"""A shorter text cannot have too many: the shortest object and its comma have three bytes."""
COUNTED_BYTES = 2**20
"""In which backslashes are counted at a time, in five milliseconds at most."""
TURN_S = 0.005
"""Time after which other requests have their turn."""

_ESCAPES = re.compile(rb'(?:\\.[^"\\]{0,64}+){1,10000}+', re.DOTALL)
"""Escapes of a string and what is between them, for a millisecond at most."""


async def check_size(text: bytes) -> None:
    """Refuse a JSON text with too many values. Others have their turn meanwhile.

    Raises:
        RequestTooLargeError: names the limit.
    """
    turn_ends = time.monotonic() + TURN_S
    for _ in _check(text, "The request body"):
        if time.monotonic() > turn_ends:
            await asyncio.sleep(0)
            turn_ends = time.monotonic() + TURN_S


def check_small(text: bytes) -> None:
    """Refuse the JSON of a form's field, which has a megabyte at most, if it has too many values.

    Raises:
        RequestTooLargeError: names the limit.
    """
    for _ in _check(text, "A field of the form"):
        pass


def _check(text: bytes, name: str) -> Iterator[None]:
    """Check a text part by part."""
    if len(text) <= SMALL_BYTES:
        return
    backslashes = values = objects = 0
    for begin in range(0, len(text), COUNTED_BYTES):
        backslashes += text.count(b"\\", begin, begin + COUNTED_BYTES)
        _check_count(name, backslashes, MAX_BODY_BACKSLASHES, "backslashes")
        yield
    for begin, end in find_parts_without_strings(text):
        values += text.count(b",", begin, end)
        objects += text.count(b"{", begin, end)
        _check_count(name, values, MAX_BODY_VALUES, "values")
        _check_count(name, objects, MAX_BODY_OBJECTS, "objects")
        yield


def _check_count(name: str, count: int, limit: int, what: str) -> None:
    if count > limit:
        raise RequestTooLargeError(f"{name} has more than {limit} {what}, the limit.")


def find_parts_without_strings(text: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each part between two strings begins and ends, and empty parts within strings."""
    position = 0
    while (begin := text.find(b'"', position)) >= 0:
        yield position, begin
        position, end = begin + 1, -1
        while True:
            end = end if end >= position else text.find(b'"', position)
            if end < 0:
                return
            escape = text.find(b"\\", position, end)
            if escape < 0:
                break
            escapes = _ESCAPES.match(text, escape)
            position = escapes.end() if escapes else len(text)
            yield position, position
        position = end + 1
    yield position, len(text)
