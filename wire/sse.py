"""Server-sent events: how they are written, and how those of model replicas are read.

A replica sends whole events, sometimes several in one piece: no piece ends inside an event.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic_core import from_json, to_json

from wire.answers import Answer

DONE = b"data: [DONE]\n\n"
"""The event with which a stream of OpenAI's ends."""
_NAME = b"event: "
_DATA = b"data: "
_END = b"\n\n"


def write_event(data: Answer | Mapping[str, Any], name: str | None = None) -> bytes:
    """Return one event. ``name`` is for clients that look at the event's name."""
    head = f"event: {name}\n".encode() if name else b""
    return head + _DATA + to_json(data) + _END


def read_name(event: bytes) -> str | None:
    """Return the name of an event; None when it has none. Its data is not parsed."""
    if not event.startswith(_NAME):
        return None
    return event[len(_NAME) : event.index(b"\n")].decode()


def read_data(event: bytes) -> dict[str, Any]:
    """Return the data of an event that has some."""
    return from_json(event.partition(_DATA)[2])


def read_events(piece: bytes) -> Iterator[dict[str, Any]]:
    """Yield the data of each event in a piece, but for ``[DONE]``."""
    for event in piece.split(_END):
        if event and event + _END != DONE:
            yield read_data(event)
