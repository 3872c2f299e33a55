"""The file store: files by name, which all ingress replicas share.

On any file system of fsspec: a directory for one machine, a network file system or an object store
for a cluster.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Any, ParamSpec, TypeVar

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from serve_app.storage.file_io import BLOCK_BYTES, INCOMING, Writer, open_reader, open_writer
from wire.errors import StorageUnavailableError
from wire.logging import get_logger

logger = get_logger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}"
NAME = re.compile(rf"{PART}(?:/{PART}){{0,7}}")
"""Folders and a name. No part begins with a dot, so no name leads out of the store."""
ABANDONED_AFTER_S = 24 * 3600
"""Age from which an incomplete file is one of a process that has ended."""


class FileMissingError(Exception):
    """There is no file of this name."""


_UNREADABLE = "The file store cannot be reached. Try again later."
_MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Written:
    """Size and digest of a file that was written."""

    size: int
    sha256: str


class FileStore:
    """Files below a URL. Every method may be called from several processes at once."""

    def __init__(self, url: str) -> None:
        """Set the location; nothing is made yet.

        ``url`` is a directory (``~`` is the user's home) or a URL for fsspec
        (``s3://bucket/prefix``).
        """
        if "://" not in url:
            url = str(Path(url).expanduser().absolute())
        # Listings are not cached: files of other replicas must be visible at once.
        fs, root = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
        self._fs: Any = fs
        self._root = str(root).rstrip("/")
        self._is_local = isinstance(fs, LocalFileSystem)
        self._has_root = self._is_local and Path(self._root).is_dir()
        """Whether the directory has been there. It is made only once: what vanishes later is a
        mount that is gone, and files beside it would be lost when it comes back."""

    async def put(self, name: str, data: bytes) -> None:
        """Write a whole file. Concurrent readers get the old one or the new one, never a part."""
        await in_thread(self._put, self._path(name), data)

    async def write(self, name: str, chunks: AsyncIterable[bytes]) -> Written:
        """Write a file as its chunks arrive. It appears when all have arrived, or not at all."""
        path = self._path(name)
        writer = await in_thread(self._open_writer, path)
        size, digest = 0, sha256()

        def write(block: bytes) -> None:
            digest.update(block)
            writer.write(block)

        try:
            async for block in _blocks(chunks):
                size += len(block)
                await in_thread(write, block)
            await in_thread(writer.commit)
        except BaseException:
            await in_thread(writer.discard)
            raise
        return Written(size, digest.hexdigest())

    async def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileMissingError: there is none.
            StorageUnavailableError: the store cannot be read.
        """
        path = self._path(name)
        with self._classify_failures(name):
            return await asyncio.to_thread(self._fs.cat_file, path)

    async def stream(
        self, name: str, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes]:
        """Yield a file's bytes, or those from ``start`` until before ``end``.

        Raises:
            FileMissingError: there is none.
            StorageUnavailableError: the store cannot be read.
        """
        path = self._path(name)
        with self._classify_failures(name):
            reader = await in_thread(open_reader, self._fs, path, start, end)
            try:
                while block := await in_thread(reader.read):
                    yield block
            finally:
                reader.close()

    def local_path(self, name: str) -> Path | None:
        """Return the path of a file on this machine; None if the store is elsewhere."""
        path = self._path(name)
        return Path(path) if self._is_local else None

    async def delete(self, name: str) -> None:
        """Delete a file, if it exists."""
        path = self._path(name)
        with suppress(FileNotFoundError):
            await in_thread(self._fs.rm_file, path)

    async def names(self, folder: str) -> list[str]:
        """Return the sorted names of the files in a folder; none if there is no such folder."""
        try:
            entries = await asyncio.to_thread(self._fs.ls, self._path(folder), detail=True)
        except FileNotFoundError:
            return []
        names = [entry["name"].rsplit("/", 1)[1] for entry in entries if entry["type"] == "file"]
        return sorted(f"{folder}/{name}" for name in names)

    async def sweep(self) -> None:
        """Delete incomplete files of processes that ended. Object stores have rules for that."""
        if self._is_local:
            await asyncio.to_thread(self._sweep)

    def _path(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name of the file store")
        return f"{self._root}/{name}"

    @contextmanager
    def _classify_failures(self, name: str) -> Generator[None]:
        try:
            yield
        except OSError as error:
            if isinstance(error, _MISSING) and not self._is_gone():
                raise FileMissingError(name) from error
            logger.error("File store %s: %s", self._root, error)
            raise StorageUnavailableError(_UNREADABLE) from error

    def _is_gone(self) -> bool:
        """Return whether the directory of the store has vanished."""
        is_there = not self._is_local or Path(self._root).is_dir()
        self._has_root |= is_there
        return self._has_root and not is_there

    def _open_writer(self, path: str) -> Writer:
        if self._is_gone():
            raise StorageUnavailableError(_UNREADABLE)
        writer = open_writer(self._fs, self._root, path)
        self._has_root = self._is_local
        return writer

    def _put(self, path: str, data: bytes) -> None:
        writer = self._open_writer(path)
        try:
            writer.write(data)
            writer.commit()
        except BaseException:
            writer.discard()
            raise

    def _sweep(self) -> None:
        for path in Path(self._root, INCOMING).glob("*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time() - ABANDONED_AFTER_S:
                    path.unlink()


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run in a thread. A cancellation waits for the thread, which cannot be interrupted."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise


async def _blocks(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Join small chunks into larger blocks."""
    waiting, size = list[bytes](), 0
    async for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size >= BLOCK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
