"""The file store: bytes under names, shared by every ingress replica.

On whatever fsspec reaches: a directory for one machine, a network file system or an object store
for a cluster. Knows nothing of what the files are.
"""

import asyncio
import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

PART = r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}"
NAME = re.compile(rf"{PART}(?:/{PART}){{0,7}}")
"""Folders and a name. No part begins with a dot: nothing leads out of the store."""

INCOMING = ".incoming"
"""Folder of files that are being written; no name can mean it."""


class FileMissingError(Exception):
    """There is no file of this name."""


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
        await asyncio.to_thread(self._put, self._path(name), data)

    async def read(self, name: str) -> bytes:
        """Return a file's bytes.

        Raises:
            FileMissingError: there is none.
        """
        path = self._path(name)
        try:
            return await asyncio.to_thread(self._fs.cat_file, path)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise FileMissingError(name) from error

    async def delete(self, name: str) -> None:
        """Remove a file. One that is gone already, by whoever, is no error."""
        path = self._path(name)
        with suppress(FileNotFoundError):
            await asyncio.to_thread(self._fs.rm_file, path)

    async def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, sorted; none if there is no such folder."""
        try:
            entries = await asyncio.to_thread(self._fs.ls, self._path(folder), detail=True)
        except FileNotFoundError:
            return []
        names = [entry["name"].rsplit("/", 1)[1] for entry in entries if entry["type"] == "file"]
        return sorted(f"{folder}/{name}" for name in names)

    def _path(self, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a name of the file store")
        return f"{self._root}/{name}"

    def _put(self, path: str, data: bytes) -> None:
        if not self._is_local:
            self._fs.pipe_file(path, data)  # an object appears when it is whole
            return
        incoming = Path(self._root, INCOMING)
        for folder in (incoming, Path(path).parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = incoming / secrets.token_hex(16)
        try:
            temporary.write_bytes(data)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
