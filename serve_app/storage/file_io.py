"""Reads and writes files of the file store, on a disk or by fsspec. All functions block.

A file appears whole or not at all, and a committed one is on the disk.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem

INCOMING = ".incoming"
"""Folder of files that are being written, which no name of the store can denote."""
PART_BYTES = 8 * 2**20
"""Size of the parts of an upload to an object store. S3 takes 10,000 parts of at least 5 MiB."""


BLOCK_BYTES = 2**20
"""Size of reads from a disk: large enough that the switch to a thread costs nothing beside it."""
RANGE_BYTES = 8 * 2**20
"""Size of reads from an object store, each of which is a request."""


class Reader(Protocol):
    """A file that is being read."""

    def read(self) -> bytes:
        """Return the next block; empty at the end."""
        ...

    def close(self) -> None:
        """Stop reading."""
        ...


def open_reader(fs: Any, path: str, start: int, end: int | None) -> Reader:
    """Open a file to read from ``start`` to before ``end``, or to the file's end.

    Raises:
        OSError: there is no such file, or it cannot be read.
    """
    if isinstance(fs, LocalFileSystem):
        return _DiskReader(Path(path), start, end)
    return _RangeReader(fs, path, start, end)


class _DiskReader:
    """Reads a file to its end even if it is deleted meanwhile."""

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


class _RangeReader:
    """Reads a range per request."""

    def __init__(self, fs: Any, path: str, start: int, end: int | None) -> None:
        self._fs, self._path = fs, path
        self._position = start
        size: int = fs.info(path)["size"]
        self._end = size if end is None else min(end, size)

    def read(self) -> bytes:
        if self._position >= self._end:
            return b""
        end = min(self._position + RANGE_BYTES, self._end)
        block: bytes = self._fs.cat_file(self._path, start=self._position, end=end)
        self._position += len(block)
        return block

    def close(self) -> None: ...


class Writer(Protocol):
    """A file that is being written. Ends with ``commit`` or ``discard``."""

    def write(self, data: bytes) -> object:
        """Append data."""
        ...

    def commit(self) -> None:
        """Make the file appear, in place of an earlier one with its name."""
        ...

    def discard(self) -> None:
        """Remove what was written. Does nothing after ``commit``."""
        ...


def open_writer(fs: Any, root: str, path: str) -> Writer:
    """Start a file at ``path`` below ``root``."""
    if isinstance(fs, LocalFileSystem):
        return _DiskWriter(Path(root), Path(path))
    if isinstance(fs, AsyncFileSystem):
        return _ObjectStoreWriter(fs, path)
    return _MovingWriter(fs, root, path)


class _DiskWriter:
    def __init__(self, root: Path, path: Path) -> None:
        for folder in (root / INCOMING, path.parent):
            _make_folder(folder)
        self._path = path
        self._temporary = root / INCOMING / secrets.token_hex(16)
        self._file = self._temporary.open("xb")

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def commit(self) -> None:
        with self._file as file:
            file.flush()
            os.fsync(file.fileno())
        os.replace(self._temporary, self._path)
        _sync_folder(self._path.parent)

    def discard(self) -> None:
        self._temporary.unlink(missing_ok=True)
        with suppress(OSError):  # data that could not be written cannot be flushed
            self._file.close()


class _ObjectStoreWriter:
    """Uploads an object in parts; it appears when the upload is completed."""

    def __init__(self, fs: Any, path: str) -> None:
        # Not ``open``, which would add the file to a transaction that never ends.
        self._file = fs._open(path, "wb", block_size=PART_BYTES, autocommit=False)
        self._is_committed = False

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def commit(self) -> None:
        self._file.close()
        self._file.commit()
        self._is_committed = True

    def discard(self) -> None:
        if self._is_committed:
            return
        self._file.discard()
        self._file.closed = True  # or garbage collection would send it


class _MovingWriter:
    """Writes a temporary file and moves it to its name."""

    def __init__(self, fs: Any, root: str, path: str) -> None:
        self._fs, self._path = fs, path
        folder = f"{root}/{INCOMING}"
        for each in (folder, path.rpartition("/")[0]):
            fs.makedirs(each, exist_ok=True)
        self._temporary = f"{folder}/{secrets.token_hex(16)}"
        self._file = fs.open(self._temporary, "wb")

    def write(self, data: bytes) -> None:
        self._file.write(data)

    def commit(self) -> None:
        self._file.close()
        self._fs.mv(self._temporary, self._path)

    def discard(self) -> None:
        self._file.close()
        with suppress(FileNotFoundError):
            self._fs.rm_file(self._temporary)


def _make_folder(folder: Path) -> None:
    """Make a folder for its owner only, and its parents."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Write a folder's entries to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
