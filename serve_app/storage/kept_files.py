"""OpenAI's files: uploads of clients, and results that the server writes.

The object is in the database, its content in the file store. Independent of the features that use
files.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from time import time

from sqlalchemy.exc import IntegrityError

from serve_app.storage.contents import Content, Contents, content_name
from serve_app.storage.database import Database
from serve_app.storage.files import FileMissingError, FileStore, in_thread
from serve_app.storage.object_rows import StoredObject, store_answer
from serve_app.storage.objects import Cursor, ObjectStore
from serve_app.storage.sweeping import sweep_forever
from serve_app.storage.tables import OBJECTS
from wire.errors import NotFoundError
from wire.ids import new_id
from wire.openai.files import FileObject

FILE = "file"
FOLDER = "files"


class KeptFiles:
    """The files of a database and a file store."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self.contents = Contents(database, files)
        self._objects = ObjectStore(database)
        self._files = files

    async def add(
        self,
        owner: str,
        filename: str,
        purpose: str,
        chunks: AsyncIterable[bytes],
        *,
        expires_at: int | None = None,
        file_id: str | None = None,
    ) -> StoredObject:
        """Store a file while its bytes arrive.

        With ``file_id`` the call can be repeated: it returns the file of this id if there is one.
        """
        if file_id is not None and (file := await self._find(owner, file_id)):
            return file
        new = new_file(filename, purpose, owner, expires_at=expires_at, file_id=file_id)
        try:
            return await self.keep(owner, chunks, lambda _: new)
        except IntegrityError:  # another request has created it
            file = await self._find(owner, new.id)
            if file is None:
                raise
            return file

    async def keep(
        self, owner: str, chunks: AsyncIterable[bytes], make: Callable[[Content], StoredObject]
    ) -> StoredObject:
        """Store a file. ``make`` returns its object once all bytes have arrived, or raises."""

        async def finish(content: Content) -> StoredObject:
            stored = with_content(make(content), content)
            await self._objects.add(stored)
            return stored

        return await self.contents.keep(owner, FOLDER, chunks, finish)

    async def get(self, owner: str, file_id: str) -> StoredObject:
        """Return a file.

        Raises:
            NotFoundError: the owner has no such file.
        """
        return await self._objects.get(owner, FILE, file_id)

    async def page(
        self, owner: str, cursor: Cursor, purpose: str | None = None
    ) -> tuple[list[StoredObject], bool]:
        """Return a part of an owner's files, and whether more follow."""
        where = () if purpose is None else (OBJECTS.c.body["purpose"].as_string() == purpose,)
        return await self._objects.page(owner, FILE, cursor, where=where)

    def content(
        self, stored: StoredObject, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes]:
        """Return a file's bytes from ``start`` up to, but not including, ``end``.

        Raises:
            FileMissingError: at the first block: the file has been deleted.
        """
        return self._files.stream(content_name(stored), start, end)

    @asynccontextmanager
    async def path(self, stored: StoredObject) -> AsyncGenerator[Path]:
        """Yield a local, read-only path of the file.

        Raises:
            FileMissingError: the file has been deleted.
        """
        local = self._files.local_path(content_name(stored))
        if local is not None:
            if not local.is_file():
                raise FileMissingError(stored.id)
            yield local
            return
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="homeport-"))
        try:
            copy = folder / "file"
            with copy.open("wb") as file:
                async for block in self.content(stored):
                    await in_thread(file.write, block)
            yield copy
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def delete(self, owner: str, file_id: str) -> None:
        """Delete a file.

        Raises:
            NotFoundError: the owner has no such file.
        """
        await self.contents.end(await self.get(owner, file_id))

    async def sweep(self) -> None:
        """Delete expired files."""
        await self.contents.sweep(FILE)

    async def sweep_forever(self) -> None:
        """Sweep periodically, until cancelled."""
        await sweep_forever("files", self.sweep)

    async def _find(self, owner: str, file_id: str) -> StoredObject | None:
        try:
            return await self.get(owner, file_id)
        except NotFoundError:
            return None


def new_file(
    filename: str,
    purpose: str,
    owner: str,
    *,
    lifetime_s: int | None = None,
    expires_at: int | None = None,
    file_id: str | None = None,
) -> StoredObject:
    """Return a file without content. Without ``lifetime_s`` and ``expires_at`` it never expires."""
    now = int(time())
    if lifetime_s is not None:
        expires_at = now + lifetime_s
    file = FileObject(
        id=file_id or new_id("file", "-"),
        bytes=0,
        created_at=now,
        expires_at=expires_at,
        filename=filename,
        purpose=purpose,
        status_details=None,
    )
    return store_answer(owner, file, expires_at=expires_at)


def with_content(stored: StoredObject, content: Content) -> StoredObject:
    """Return a new file with the size and the location of its content."""
    body = {**stored.body, "bytes": content.size}
    return replace(stored, body=body, state=content.as_state())
