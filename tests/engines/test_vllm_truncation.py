"""``truncation: auto``: what of a conversation is left out, and that the rest is answered."""

from typing import Any

import httpx2
import pytest

from tests.engines.media_parts import MODEL as OMNI
from tests.support.pictures import data_url, picture
from tests.support.tiny_thinker import SUM

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated in favor:DeprecationWarning")
"""vLLM marks fields that OpenAI's clients still send, and reads them itself."""

Item = dict[str, Any]
CONTEXT = 512
ROOM = CONTEXT // 4


def user(text: str) -> Item:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}


def assistant(text: str) -> Item:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "role": "assistant", "content": [part]}


def call(number: int) -> Item:
    return {"type": "function_call", "call_id": str(number), "name": "f", "arguments": "{}"}


def result(number: int, text: str = "x") -> Item:
    return {"type": "function_call_output", "call_id": str(number), "output": text}


SYSTEM = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be!"}]}


async def truncated(items: list[Item], most: int) -> tuple[list[Item], int]:
    """Return what is left of items that are as long as their texts, and how often was counted."""
    from deployments.chat.vllm.truncation import truncate

    num_calls = 0

    async def fits(rest: list[Item]) -> bool:
        nonlocal num_calls
        num_calls += 1
        return sum(map(length, rest)) <= most

    return await truncate(items, fits), num_calls


def length(item: Item) -> int:
    texts = [part["text"] for part in item.get("content", ())]
    return 1 + sum(map(len, texts)) + len(item.get("output", ""))


async def test_what_fits_stays_whole() -> None:
    items = [SYSTEM, user("aa"), assistant("bb")]

    assert await truncated(items, 10) == (items, 1)


async def test_oldest_turns_leave_first_and_the_system_stays() -> None:
    items = [SYSTEM, user("a"), assistant("b"), user("c"), assistant("d"), user("e")]

    assert (await truncated(items, 10))[0] == [SYSTEM, *items[3:]]
    assert (await truncated(items, 6))[0] == [SYSTEM, *items[5:]]


async def test_many_turns_are_counted_a_few_times() -> None:
    items = [user("a") for _ in range(1000)]

    left, num_calls = await truncated(items, 20)

    assert left == items[-10:]
    assert num_calls < 15


async def test_calls_of_the_last_turn_leave_with_their_results() -> None:
    turn = [call(1), result(1, "x" * 9), call(2), result(2, "y")]
    items = [user("a"), assistant("b"), user("c"), *turn]

    assert (await truncated(items, 16))[0] == [user("c"), *turn]
    assert (await truncated(items, 15))[0] == [user("c"), call(2), result(2, "y")]
    assert (await truncated(items, 5))[0] == [user("c"), call(2), result(2, "y")]


async def test_single_text_loses_its_beginning() -> None:
    text = "".join(chr(97 + n % 26) for n in range(10_000))

    (left,), num_calls = await truncated([user(text)], 1000)

    (part,) = left["content"]
    assert text.endswith(part["text"])
    assert 1000 * 62 // 64 <= len(part["text"]) < 1000
    assert num_calls < 20


async def test_what_can_not_fit_is_left_to_the_engine() -> None:
    (left,), _ = await truncated([user("abc")], 0)

    assert left["content"][0]["text"] == ""
    assert (await truncated([call(1)], 0))[0] == [call(1)]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "given",
    [
        "word " * 1500,
        [each for n in range(60) for each in (user(f"Turn {n}."), assistant("Aha."))]
        + [user(SUM[0])],
        [user("word " * 500), assistant("Aha."), user(SUM[0])],
        [user(SUM[0]), call(1), result(1, "word " * 500)],
    ],
    ids=["text", "turns", "turn", "result"],
)
def test_conversation_beyond_the_context_is_answered(
    thinker: str, given: Any, stream: bool
) -> None:
    body = {"model": "thinker", "input": given, "temperature": 0, "max_output_tokens": 20}

    refused = httpx2.post(f"{thinker}/v1/responses", json=body)
    counted = httpx2.post(
        f"{thinker}/v1/responses/input_tokens", json=body | {"truncation": "auto"}
    ).json()["input_tokens"]
    answer = httpx2.post(
        f"{thinker}/v1/responses", json=body | {"truncation": "auto", "stream": stream}, timeout=60
    )

    assert refused.json()["error"]["code"] == "context_length_exceeded"
    assert answer.status_code == 200, answer.text
    assert '"truncation":"auto"' in answer.text
    assert f'"input_tokens":{counted},' in answer.text
    assert counted <= CONTEXT - 20


@pytest.mark.parametrize("truncation", ["disabled", "auto"])
def test_picture_that_was_counted_is_read_afterwards(omni: str, truncation: str) -> None:
    image = {"type": "input_image", "image_url": data_url(picture(f"#0000{len(truncation):02x}"))}
    asked = [{"role": "user", "content": [image, {"type": "input_text", "text": "What?"}]}]
    body = {"model": OMNI, "input": asked, "max_output_tokens": 3, "truncation": truncation}

    counted = httpx2.post(f"{omni}/v1/responses/input_tokens", json=body).json()["input_tokens"]
    answers = [httpx2.post(f"{omni}/v1/responses", json=body, timeout=60) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert {answer.json()["usage"]["input_tokens"] for answer in answers} == {counted}


def test_room_is_left_for_the_answer(thinker: str) -> None:
    body = {"model": "thinker", "input": "word " * 1500, "truncation": "auto", "ignore_eos": True}

    answer = httpx2.post(f"{thinker}/v1/responses", json=body, timeout=60).json()

    assert answer["usage"]["output_tokens"] >= ROOM
    assert answer["usage"]["total_tokens"] == CONTEXT
