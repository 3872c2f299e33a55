import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve_app.http import json_size
from serve_app.http.json_size import check_size
from wire.errors import RequestTooLargeError
from wire.limits import MAX_BODY_BACKSLASHES, MAX_BODY_OBJECTS, MAX_BODY_VALUES

STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
JSON = st.recursive(
    st.none() | st.integers() | st.text(alphabet='"\\,{a'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='"\\,{'), inner),
)


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ({"prompt": [1] * (MAX_BODY_VALUES + 2)}, "values"),
        ({"messages": [{"role": "user", "content": "x"}] * MAX_BODY_OBJECTS}, "objects"),
        ([[{}] * 10] * MAX_BODY_OBJECTS, "objects"),
        ({"content": '"' * (MAX_BODY_BACKSLASHES + 1)}, "backslashes"),
    ],
)
async def test_body_with_too_many_values_is_refused(body: object, limit: str) -> None:
    with pytest.raises(RequestTooLargeError, match=f"more than .* {limit}"):
        await check_size(json.dumps(body).encode())


@pytest.mark.parametrize(
    "text",
    [
        "," * 2 * MAX_BODY_VALUES,
        "{" * 2 * MAX_BODY_OBJECTS,
        '\\"{' * MAX_BODY_OBJECTS,
        "\\" * MAX_BODY_VALUES,
    ],
)
async def test_long_text_is_one_value(text: str) -> None:
    await check_size(json.dumps({"content": text}).encode())


@pytest.mark.parametrize("text", [b'{"a": "', b'{"a": "\\', b'"' * 5, b"\\" * 5, b""])
async def test_broken_json_ends_the_count(text: bytes) -> None:
    await check_size(text + b" " * json_size.SMALL_BYTES)
    await check_size(b" " * json_size.SMALL_BYTES + text)


@given(JSON)
def test_only_what_is_outside_of_strings_counts(value: object) -> None:
    text = json.dumps(value).encode()

    parts = json_size.find_parts_without_strings(text)

    assert b"".join(text[begin:end] for begin, end in parts) == STRING.sub(b"", text)


async def test_other_requests_have_their_turn_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_size, "TURN_S", 0)
    loop = asyncio.get_running_loop()
    turns = 0

    def take_turn() -> None:
        nonlocal turns
        turns += 1
        loop.call_soon(take_turn)

    take_turn()
    await check_size(json.dumps(["a"] * 20_000).encode())

    assert turns > 1_000
