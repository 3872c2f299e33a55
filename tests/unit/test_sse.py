"""One reader for the events of all replicas."""

import pytest

from wire.sse import DONE, read_data, read_events, read_name, write_event

TEXT = {"text": "é\n\n data: x"}


@pytest.mark.parametrize("name", [None, "response.created"])
def test_event_is_read_as_it_was_written(name: str | None) -> None:
    event = write_event(TEXT, name)

    assert read_name(event) == name
    assert read_data(event) == TEXT
    assert list(read_events(event)) == [TEXT]


def test_events_of_one_piece_are_read_one_by_one_without_the_last_word() -> None:
    piece = write_event({"n": 1}) + write_event({"n": 2}, "second") + DONE

    assert list(read_events(piece)) == [{"n": 1}, {"n": 2}]
    assert list(read_events(DONE)) == list(read_events(b"")) == []
