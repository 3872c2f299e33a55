"""The lines of a file that comes in pieces."""

from collections.abc import AsyncIterator

from serve_app.batches import lines as batch_lines


async def test_lines_of_any_chunking_are_the_same() -> None:
    content = b"\xef\xbb\xbffirst\r\n\n" + b"x" * 20 + b"\nlast"

    async def chunks(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(content), size):
            yield content[start : start + size]

    for size in (1, 2, 3, 7, 100):
        found = [each async for each in batch_lines.number_lines(chunks(size), 10)]
        assert found == [(1, b"first\r"), (3, None), (4, b"last")]
