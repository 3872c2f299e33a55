"""The lines of a file that comes in pieces."""

from collections.abc import AsyncIterator

import pytest

from serve_app.batches import lines as batch_lines
from wire.limits import MAX_CUSTOM_ID_CHARS
from wire.openai.batches import BadLineError, read_line


async def test_lines_of_any_chunking_are_the_same() -> None:
    content = b"\xef\xbb\xbffirst\r\n\n" + b"x" * 20 + b"\nlast"

    async def chunks(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(content), size):
            yield content[start : start + size]

    for size in (1, 2, 3, 7, 100):
        found = [each async for each in batch_lines.number_lines(chunks(size), 10)]
        assert found == [(1, b"first\r"), (3, None), (4, b"last")]


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16", "shift_jis"])
def test_line_that_is_not_utf_8_is_refused_by_name(encoding: str) -> None:
    line = '{"custom_id": "a", "body": {"input": "цена"}}'.encode(encoding)

    with pytest.raises(BadLineError) as raised:
        read_line(line, 1, "/v1/embeddings")

    assert raised.value.code == "invalid_json_line"
    assert "UTF-8" in raised.value.message


@pytest.mark.parametrize("size", [0, MAX_CUSTOM_ID_CHARS + 1])
def test_custom_id_has_limits(size: int) -> None:
    with pytest.raises(BadLineError, match=str(MAX_CUSTOM_ID_CHARS)) as raised:
        read_line(f'{{"custom_id": "{"x" * size}"}}'.encode(), 1, "/v1/embeddings")

    assert raised.value.code == "invalid_custom_id"
