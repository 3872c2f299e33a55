"""The file store: bytes under names, shared by every ingress replica.

On whatever fsspec reaches: a directory for one machine, a network file system or an object store
for a cluster. Knows nothing of what the files are.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from time import time
from typing import Any, ParamSpec, TypeVar

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from serve_app.storage.file_reading import BLOCK_BYTES, open_reader
from serve_app.storage.file_writing import INCOMING, open_writer

P = ParamSpec("P")
T = TypeVar("T")

PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}"
NAME = re.compile(rf"{PART}(?:/{PART}){{0,7}}")
"""Folders and a name. No part begins with a dot: nothing leads out of the store."""
ABANDONED_AFTER_S = 24 * 3600
"""From when on nobody goes on writing a file that is not whole."""


class FileMissingError(Exception):
    """There is no file of this name."""


_MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


@dataclass(frozen=True, slots=True)
class Written:
    """What has been written."""

    size: int
    sha256: str


class FileStore:
    """Files below a URL. Every method may be called from several processes at once."""

    def __init__(self, url: str) -> None:
        """Name the store; nothing is read or written yet.

        ``url`` is a directory (``~`` is the user's home) or a URL that fsspec knows
        (``s3://bucket/prefix``).
        """
        if "://" not in url:
            url = str(Path(url).expanduser().absolute())
        # Another replica's files must be seen at once: no listing is remembered.
        fs, root = url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
        self._fs: Any = fs
        self._root = str(root).rstrip("/")
        self._is_local = isinstance(fs, LocalFileSystem)

    async def put(self, name: str, data: bytes) -> None:
        """Write a file whole. Who reads meanwhile sees the old one or the new one, never a part."""
        await in_thread(self._put, self._path(name), data)

    async def write(self, name: str, chunks: AsyncIterable[bytes]) -> Written:
        """Write a file as its bytes come. It appears when all have come, or not at all."""
        path = self._path(name)
        writer = await in_thread(open_writer, self._fs, self._root, path)
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
        """
        path = self._path(name)
        try:
            return await asyncio.to_thread(self._fs.cat_file, path)
        except _MISSING as error:
            raise FileMissingError(name) from error

    async def stream(
        self, name: str, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes]:
        """Yield a file's bytes, or those from ``start`` until before ``end``.

        Raises:
            FileMissingError: there is none.
        """
        path = self._path(name)
        try:
            reader = await in_thread(open_reader, self._fs, path, start, end)
            try:
                while block := await in_thread(reader.read):
                    yield block
            finally:
                reader.close()
        except _MISSING as error:
            raise FileMissingError(name) from error

    def local_path(self, name: str) -> Path | None:
        """Return where a file of this name is on this machine; None if it is elsewhere."""
        path = self._path(name)
        return Path(path) if self._is_local else None

    async def delete(self, name: str) -> None:
        """Remove a file. One that is gone already, by whoever, is no error."""
        path = self._path(name)
        with suppress(FileNotFoundError):
            await in_thread(self._fs.rm_file, path)

    async def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, sorted; none if there is no such folder."""
        try:
            entries = await asyncio.to_thread(self._fs.ls, self._path(folder), detail=True)
        except FileNotFoundError:
            return []
        names = [entry["name"].rsplit("/", 1)[1] for entry in entries if entry["type"] == "file"]
        return sorted(f"{folder}/{name}" for name in names)

    async def sweep(self) -> None:
        """Delete what processes that ended were writing. An object store has rules for that."""
        if self._is_local:
            await asyncio.to_thread(self._sweep)

    def _path(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name of the file store")
        return f"{self._root}/{name}"

    def _put(self, path: str, data: bytes) -> None:
        writer = open_writer(self._fs, self._root, path)
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
    """Run in a thread. A cancellation waits for it, or it would go on behind the caller's back."""
    running = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise


async def _blocks(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    """Yield what comes in little pieces in larger ones."""
    waiting, size = list[bytes](), 0
    async for chunk in chunks:
        waiting.append(chunk)
        size += len(chunk)
        if size >= BLOCK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
