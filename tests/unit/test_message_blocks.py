from typing import Any

import pytest

from wire.anthropic.message_blocks import read_messages, read_system
from wire.errors import InvalidRequestError

CALL = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/x.png"}}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def of_user(content: Any, *, reads_images: bool = True) -> list[Any]:
    (message,) = read_messages([("user", content)], reads_images=reads_images)
    return message["content"]


def test_text_is_a_block_of_it() -> None:
    assert of_user("hi") == of_user([text("hi")]) == [text("hi")]


def test_fields_of_cache_and_citations_are_left_out() -> None:
    block = {**text("hi"), "cache_control": {"type": "ephemeral"}, "citations": None}

    assert of_user([block]) == [text("hi")]
    assert read_system([block]) == [text("hi")]


def test_texts_of_the_system_prompt_stand_on_lines_of_their_own() -> None:
    assert read_system([text("a"), text(""), text("b")]) == [text("a\n"), text("b")]


def test_messages_of_one_role_become_one_turn() -> None:
    messages = [("user", "a"), ("user", [text("b")]), ("assistant", "c"), ("user", "d")]

    assert read_messages(messages, reads_images=False) == [
        {"role": "user", "content": [text("a"), text("b")]},
        {"role": "assistant", "content": [text("c")]},
        {"role": "user", "content": [text("d")]},
    ]


def test_inline_system_messages_stay_where_they_are() -> None:
    messages = [("user", "a"), ("system", "b"), ("system", "c"), ("user", "d")]

    assert [m["role"] for m in read_messages(messages, reads_images=False)] == [
        "user",
        "system",
        "system",
        "user",
    ]


def test_empty_answer_of_the_model_is_left_out() -> None:
    messages = [("user", "a"), ("assistant", [text("")]), ("user", "b")]

    assert read_messages(messages, reads_images=False) == [
        {"role": "user", "content": [text("a"), text("b")]}
    ]


def test_earlier_turns_of_the_model_are_read() -> None:
    content = [
        {"type": "thinking", "thinking": "so", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
        {**CALL, "caller": None},
    ]

    messages = read_messages(
        [
            ("user", "a"),
            ("assistant", content),
            ("user", [{"type": "tool_result", "tool_use_id": "t"}]),
        ],
        reads_images=False,
    )

    assert messages[1]["content"] == [
        {"type": "thinking", "thinking": "so"},
        {"type": "redacted_thinking"},
        CALL,
    ]


def test_result_of_a_tool_has_texts_and_images_and_says_that_it_failed() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [text("no"), IMAGE]}

    assert of_user([{**result, "is_error": True}]) == [
        {"type": "tool_result", "tool_use_id": "t", "content": [text("Error:"), text("no"), IMAGE]}
    ]
    assert of_user([{**result, "is_error": False}]) == [result]


@pytest.mark.parametrize(
    "source",
    [
        {"type": "text", "media_type": "text/plain", "data": "words"},
        {"type": "content", "content": "words"},
        {"type": "content", "content": [text("words")]},
    ],
)
def test_document_of_text_is_read_with_its_title(source: dict[str, Any]) -> None:
    document = {"type": "document", "source": source, "title": "T", "context": "C"}

    assert of_user([document]) == [text("T\nC\nwords")]
    assert of_user([{"type": "document", "source": source}]) == [text("words")]


def test_search_result_is_read_as_text() -> None:
    result = {"type": "search_result", "title": "T", "source": "S", "content": [text("words")]}

    assert of_user([result]) == [text("T\nS\nwords")]


def refused(messages: list[tuple[str, Any]], *, reads_images: bool = True) -> str | None:
    with pytest.raises(InvalidRequestError) as raised:
        read_messages(messages, reads_images=reads_images)
    assert str(raised.value.param) in raised.value.message
    return raised.value.param


PDF = {"type": "base64", "media_type": "application/pdf", "data": "AA=="}
CITED = {"citations": {"enabled": True}}


@pytest.mark.parametrize(
    ("block", "param"),
    [
        (3, ""),
        ({}, ".type"),
        ({"type": "audio"}, ".type"),
        ({"type": "container_upload", "file_id": "f"}, ".type"),
        (CALL, ".type"),
        ({"type": "text"}, ".text"),
        ({"type": "text", "text": 3}, ".text"),
        ({"type": "image"}, ".source"),
        ({"type": "image", "source": {"type": "file", "file_id": "f"}}, ".source.type"),
        ({"type": "image", "source": {"type": "base64", "data": "AA=="}}, ".source.media_type"),
        ({"type": "image", "source": {"type": "url"}}, ".source.url"),
        ({"type": "image", "source": {"type": "url", "url": "file:///etc/x"}}, ".source.url"),
        ({"type": "document", "source": PDF}, ".source.type"),
        ({"type": "document", "source": {"type": "text", "data": "x"}, **CITED}, ".citations"),
        ({"type": "search_result", "title": "T", "source": "S", "content": 3}, ".content"),
        ({"type": "tool_result"}, ".tool_use_id"),
        ({"type": "tool_result", "tool_use_id": "t", "content": 3}, ".content"),
        (
            {
                "type": "tool_result",
                "tool_use_id": "t",
                "content": [{"type": "tool_reference", "tool_name": "f"}],
            },
            ".content[0].type",
        ),
    ],
)
def test_block_that_cannot_be_honoured_is_refused_by_its_place(block: Any, param: str) -> None:
    messages = [("user", "a"), ("user", [text("b"), block])]

    assert refused(messages) == f"messages[1].content[1]{param}"


@pytest.mark.parametrize("block", [IMAGE, {"type": "tool_result", "tool_use_id": "t"}])
def test_block_of_the_user_is_refused_in_an_answer(block: dict[str, Any]) -> None:
    assert refused([("user", "a"), ("assistant", [block])]) == "messages[1].content[0].type"


def test_system_prompt_takes_only_text() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        read_system([text("a"), IMAGE])

    assert raised.value.param == "system[1].type"


def test_image_in_a_result_is_refused_where_the_model_does_not_see() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": [IMAGE]}

    param = refused([("user", [result])], reads_images=False)

    assert param == "messages[0].content[0].content[0].type"


@pytest.mark.parametrize("block", [CALL, {"type": "thinking", "thinking": "so"}])
def test_last_turn_that_cannot_be_continued_is_refused(block: dict[str, Any]) -> None:
    assert refused([("user", "a"), ("assistant", [block])]) == "messages[1]"
