"""What an answer must be to be one of Anthropic's: exactly the fields of its SDK's types."""

import json
from typing import Any

from anthropic.types import Message, RawMessageStreamEvent

from tests.support.openai_conformance import assert_conforms
from tests.support.openai_conformance import events as frames

MESSAGE = {"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"}
USAGE = {
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
}


def read_message(data: str | bytes) -> Message:
    """Return a whole answer, which has every field of Anthropic's and no other."""
    assert set(json.loads(data)) == MESSAGE
    assert set(json.loads(data)["usage"]) == USAGE
    return assert_conforms(Message, data)


def read_events(text: str) -> list[Any]:
    """Return the events of a stream, each whole and in a place where Anthropic has it."""
    events: list[Any] = []
    for name, data in frames(text):
        events.append(assert_conforms(RawMessageStreamEvent, data))
        assert name == events[-1].type
    check_order(events)
    return events


def check_order(events: list[Any]) -> None:
    """Check that blocks begin and end one after the other, inside of the message."""
    assert [events[0].type, events[-2].type, events[-1].type] == [
        "message_start",
        "message_delta",
        "message_stop",
    ]
    assert events[0].message.content == []
    block = -1
    is_open = False
    for event in events[1:-2]:
        if event.type == "content_block_start":
            assert not is_open
            block, is_open = block + 1, True
        assert is_open
        assert event.index == block
        is_open = event.type != "content_block_stop"
    assert not is_open
