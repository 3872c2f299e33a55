"""How a file of the file store is read block by block. Everything here blocks."""

from pathlib import Path
from typing import Any, Protocol

from fsspec.implementations.local import LocalFileSystem

BLOCK_BYTES = 2**20
"""What is read from a disk at once: enough that the step to a thread costs nothing beside it."""
FAR_BLOCK_BYTES = 8 * 2**20
"""What is asked of an object store at once: each question is a request."""


class Reader(Protocol):
    """A file that is being read."""

    def read(self) -> bytes:
        """Return the next block; empty at the end."""
        ...

    def close(self) -> None:
        """Read no more."""
        ...


def open_reader(fs: Any, path: str, start: int, end: int | None) -> Reader:
    """Begin to read at ``start``, until before ``end`` or the file's end.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    if isinstance(fs, LocalFileSystem):
        return _OnDisk(Path(path), start, end)
    return _Elsewhere(fs, path, start, end)


class _OnDisk:
    """Reads on even when the file has been deleted meanwhile."""

    def __init__(self, path: Path, start: int, end: int | None) -> None:
        self._file = path.open("rb")
        self._left = None if end is None else end - start
        self._file.seek(start)

    def read(self) -> bytes:
        block = self._file.read(BLOCK_BYTES if self._left is None else min(BLOCK_BYTES, self._left))
        if self._left is not None:
            self._left -= len(block)
        return block

    def close(self) -> None:
        self._file.close()


class _Elsewhere:
    def __init__(self, fs: Any, path: str, start: int, end: int | None) -> None:
        self._fs, self._path = fs, path
        self._position = start
        size: int = fs.info(path)["size"]
        self._end = size if end is None else min(end, size)

    def read(self) -> bytes:
        if self._position >= self._end:
            return b""
        end = min(self._position + FAR_BLOCK_BYTES, self._end)
        block: bytes = self._fs.cat_file(self._path, start=self._position, end=end)
        self._position += len(block)
        return block

    def close(self) -> None: ...
