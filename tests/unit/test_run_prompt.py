from collections.abc import Sequence
from typing import Any

import pytest

from serve_app.assistants.prompt import (
    Message,
    Prompt,
    chat_choice,
    chat_tools,
    to_chat_message,
)
from wire.errors import ContextLengthError

FUNCTION: Any = {"type": "function", "function": {"name": "add", "parameters": {}}}


def user(text: str) -> Message:
    return {"role": "user", "content": text}


class Counter:
    """Counts a token for each message, and each question it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, messages: Sequence[Message]) -> int:
        self.asked += 1
        return len(messages)


def prompt(number: int, turns: int = 0, instructions: str = "") -> Prompt:
    return Prompt(instructions, [user(str(n)) for n in range(number)], [user("turn")] * turns)


def names(messages: Sequence[Message]) -> list[str]:
    return [message["content"] for message in messages]


async def test_prompt_that_fits_is_counted_once_and_whole() -> None:
    counter = Counter()

    messages = await prompt(5, 1, "Be kind.").fit(counter, 7)

    assert names(messages) == ["Be kind.", "0", "1", "2", "3", "4", "turn"]
    assert messages[0]["role"] == "system"
    assert counter.asked == 1


@pytest.mark.parametrize(
    ("limit", "kept"),
    [
        (6, ["0", "1", "2", "3", "4", "5"]),
        (5, ["0", "2", "3", "4", "5"]),
        (4, ["0", "3", "4", "5"]),
        (2, ["0", "5"]),
        (1, ["5"]),
    ],
)
async def test_middle_of_the_thread_is_left_out_the_oldest_first(
    limit: int, kept: list[str]
) -> None:
    assert names(await prompt(6).fit(Counter(), limit)) == kept


async def test_instructions_and_what_was_done_stay() -> None:
    messages = await prompt(6, 2, "Be kind.").fit(Counter(), 4)

    assert names(messages) == ["Be kind.", "5", "turn", "turn"]


@pytest.mark.parametrize(("number", "turns", "limit"), [(6, 2, 2), (1, 0, 0), (0, 3, 2)])
async def test_last_message_that_does_not_fit_is_refused(
    number: int, turns: int, limit: int
) -> None:
    with pytest.raises(ContextLengthError, match=f"more than {limit} tokens"):
        await prompt(number, turns).fit(Counter(), limit)


@pytest.mark.parametrize("limit", [1, 2, 3, 400, 998])
async def test_long_thread_is_counted_a_few_times(limit: int) -> None:
    counter = Counter()

    messages = await prompt(1000).fit(counter, limit)

    assert len(messages) == limit
    assert names(messages)[-1] == "999"
    assert counter.asked <= 12


def test_thread_of_one_is_not_cut() -> None:
    assert names(prompt(1).messages()) == ["0"]
    assert prompt(0).messages() == []


def test_messages_are_said_as_chat_completions_have_them() -> None:
    text: Any = {"type": "text", "text": {"value": "a", "annotations": []}}
    image: Any = {"type": "image_file", "image_file": {"file_id": "file-1"}}

    assert to_chat_message({"role": "user", "content": [text, text]}) == user("a\na")
    assert to_chat_message({"role": "user", "content": [text, image]})["content"] == [
        {"type": "text", "text": "a"},
        image,
    ]


def test_tools_become_functions_each_once() -> None:
    tools: Any = [
        {"type": "retrieval"},
        {"type": "file_search"},
        FUNCTION,
        {"type": "code_interpreter"},
    ]

    functions = [tool["function"]["name"] for tool in chat_tools(tools)]

    assert functions == ["file_search", "add", "code_interpreter"]
    assert chat_tools([]) == []


@pytest.mark.parametrize(
    ("choice", "asked"),
    [
        (None, None),
        ("required", "required"),
        ({"type": "function", "function": {"name": "add"}}, None),
        ({"type": "retrieval"}, "file_search"),
        ({"type": "file_search"}, "file_search"),
        ({"type": "code_interpreter"}, "code_interpreter"),
    ],
)
def test_choice_names_the_function(choice: Any, asked: str | None) -> None:
    found = chat_choice(choice)

    if isinstance(choice, dict) and asked:
        assert found == {"type": "function", "function": {"name": asked}}
    else:
        assert found == choice
