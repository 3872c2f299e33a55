"""How a file gets into the file store so that it is there whole or not at all.

What is acknowledged is on the disk. Everything here blocks and must run in a thread.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from fsspec.asyn import AsyncFileSystem
from fsspec.implementations.local import LocalFileSystem

INCOMING = ".incoming"
"""Folder of files that are being written; no name of the store can mean it."""
PART_BYTES = 8 * 2**20
"""What goes to an object store at once. S3 takes 10,000 parts of at least 5 MiB for a file."""


class Writer(Protocol):
    """A file that is being written. Ends with ``commit`` or ``discard``."""

    def write(self, data: bytes) -> object:
        """Add to the end."""
        ...

    def commit(self) -> None:
        """Let the file appear, in place of the one that had its name."""
        ...

    def discard(self) -> None:
        """Leave nothing behind. Does nothing after ``commit``."""
        ...


def open_writer(fs: Any, root: str, path: str) -> Writer:
    """Begin a file at ``path`` below ``root``."""
    if isinstance(fs, LocalFileSystem):
        return _OnDisk(Path(root), Path(path))
    if isinstance(fs, AsyncFileSystem):
        return _InObjectStore(fs, path)
    return _Elsewhere(fs, root, path)


class _OnDisk:
    def __init__(self, root: Path, path: Path) -> None:
        for folder in (root / INCOMING, path.parent):
            _make(folder)
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
        with suppress(OSError):  # what could not be written cannot be flushed
            self._file.close()


class _InObjectStore:
    """An object of several parts, which appears when they are put together."""

    def __init__(self, fs: Any, path: str) -> None:
        # Not ``open``, which would keep the file for a transaction that never ends.
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
        self._file.closed = True  # or it would be sent when it is collected


class _Elsewhere:
    """A file that is moved to its name."""

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


def _make(folder: Path) -> None:
    """Make a folder that is its owner's only, and those above it."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
