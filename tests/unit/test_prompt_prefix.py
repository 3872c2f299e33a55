from typing import Any

import pytest

from serve_app.models.prompt_prefix import MARKED_BLOCKS, MARKS, prefix_of
from wire.calls import Operation, Prefix

SYSTEM = {"role": "system", "content": "You know all about lakes. " * 100}
TURN = [SYSTEM, {"role": "user", "content": "How deep is it?"}]
NEXT_TURN = [
    *TURN,
    {"role": "assistant", "content": "Very."},
    {"role": "user", "content": "And how wide?"},
]


def prefix(
    operation: Operation = Operation.CHAT_COMPLETION, adapter: str = "", **body: Any
) -> Prefix:
    found = prefix_of(operation, body, adapter)
    assert found is not None
    return found


def measure_shared(one: Prefix, other: Prefix) -> int:
    """Return how many bytes two prompts are known to have in common."""
    return max((size for _, size in {*one.marks} & {*other.marks}), default=0)


def size(of: Prefix) -> int:
    return of.marks[-1][1]


@pytest.mark.parametrize(
    ("operation", "name"), [(Operation.CHAT_COMPLETION, "messages"), (Operation.RESPONSE, "input")]
)
def test_next_turn_contains_the_whole_turn_before(operation: Operation, name: str) -> None:
    first: dict[str, Any] = {"temperature": 0.5, name: TURN}
    second: dict[str, Any] = {name: NEXT_TURN, "max_tokens": 7}
    turn, following = prefix(operation, **first), prefix(operation, **second)

    assert measure_shared(turn, following) == size(turn)
    assert (turn.home, turn.home_bytes) == (following.home, following.home_bytes)


def test_conversations_with_one_system_prompt_share_that_and_have_homes_of_their_own() -> None:
    here = prefix(messages=TURN)
    there = prefix(messages=[SYSTEM, {"role": "user", "content": "How cold is it?"}])

    assert 2500 < measure_shared(here, there) < size(here)
    assert here.home != there.home


def test_question_below_a_long_document_shares_the_document() -> None:
    document = "The lake is deep. " * 2000

    here, there = (prefix(Operation.COMPLETION, prompt=document + q) for q in ("Why?", "Is it so?"))

    assert measure_shared(here, there) > len(document) - 1024


@pytest.mark.parametrize(
    "change",
    [
        {"tools": [{"type": "function", "function": {"name": "dive"}}]},
        {"system": "Be brief."},
        {"instructions": "Be brief."},
        {"cache_salt": "mine"},
        {"adapter": "one"},
    ],
)
def test_what_stands_before_the_conversation_or_parts_the_cache_makes_another_prefix(
    change: dict[str, Any],
) -> None:
    assert measure_shared(prefix(messages=TURN), prefix(messages=TURN, **change)) == 0


def test_cache_key_gives_unlike_conversations_one_home() -> None:
    key: dict[str, Any] = {"prompt_cache_key": "lakes"}

    homes = {prefix(messages=turn, **key).home for turn in ([SYSTEM], TURN, NEXT_TURN[1:])}

    assert homes == {prefix(Operation.COMPLETION, prompt="A lake", **key).home}
    assert measure_shared(prefix(messages=TURN, **key), prefix(messages=TURN)) == size(
        prefix(messages=TURN)
    )


def test_images_are_told_apart_without_being_read_whole() -> None:
    def picture(data: str) -> Prefix:
        part = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        return prefix(messages=[{"role": "user", "content": [part]}])

    one, other = picture("A" * 1_000_000), picture("A" * 999_999 + "B")

    assert measure_shared(one, one) == size(one) < 10_000
    assert one.marks[-1] != other.marks[-1]


def write_prompts(text: str) -> list[dict[str, Any]]:
    """Return a text in each form of a prompt."""
    parts = [{"type": "text", "text": text}]
    return [
        {"prompt": text},
        {"prompt": [text.count("x"), *range(300_000), text.count("y")]},
        {"messages": [{"role": "user", "content": text}]},
        {"messages": [{"role": "user", "content": parts}]},
    ]


@pytest.mark.parametrize("form", range(4))
def test_long_text_is_told_apart_by_its_ends_and_length(form: int) -> None:
    def end(text: str) -> tuple[int, int]:
        return prefix(Operation.COMPLETION, **write_prompts(text)[form]).marks[-1]

    text = "x" * 500_000

    assert end(text) == end(text)
    assert end(text) != end(text + "y")
    assert end(text)[1] < 1_000_000


@pytest.mark.parametrize(
    "prompt", ["Once", ["Once", "upon"], [1, 2, 3], [[1, 2], [3]], ["Once"] * 3]
)
def test_every_form_of_a_prompt_has_marks(prompt: Any) -> None:
    assert size(prefix(Operation.COMPLETION, prompt=prompt)) > 0


def test_number_of_marks_is_bounded_and_the_end_is_among_them() -> None:
    long = [{"role": "user", "content": "x" * (MARKED_BLOCKS + 9) * 1024} for _ in range(9)]

    here = prefix(messages=long)
    following = prefix(messages=[*long, {"role": "assistant", "content": "y"}])

    assert len(here.marks) == 2 * MARKS
    assert measure_shared(here, following) == size(here)


@pytest.mark.parametrize(
    "operation",
    [Operation.TOKENIZE, Operation.MESSAGE_TOKENS, Operation.EMBEDDINGS, Operation.SPEECH],
)
def test_what_leaves_nothing_in_a_cache_has_no_prefix(operation: Operation) -> None:
    assert prefix_of(operation, {"messages": TURN, "input": "x", "prompt": "x"}, "") is None


@pytest.mark.parametrize("body", [{}, {"prompt": ""}, {"prompt": []}, {"messages": None}])
def test_request_without_a_prompt_has_no_prefix(body: dict[str, Any]) -> None:
    assert prefix_of(Operation.COMPLETION, body, "") is None
