"""The files that clients keep here, and those that are made for them: OpenAI's files.

The object is in the database, its content in the file store. Knows nothing of what uses a file.
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
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor, ObjectStore
from serve_app.storage.sweeping import sweep_forever
from serve_app.storage.tables import OBJECTS
from wire.errors import NotFoundError
from wire.ids import new_id

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
        """Keep a file as its bytes come.

        ``file_id`` is for who may have to begin again and must not make two of it: a file with this
        id that is there already is the answer.
        """
        if file_id is not None and (found := await self._found(owner, file_id)):
            return found
        new = new_file(filename, purpose, owner, expires_at=expires_at, file_id=file_id)
        try:
            return await self.keep(owner, chunks, lambda _: new)
        except IntegrityError:  # another made it meanwhile
            found = await self._found(owner, new.id)
            if found is None:
                raise
            return found

    async def keep(
        self, owner: str, chunks: AsyncIterable[bytes], make: Callable[[Content], StoredObject]
    ) -> StoredObject:
        """Keep a file of which ``make`` says, once all is there, what it is; it may raise."""

        async def finish(content: Content) -> StoredObject:
            stored = with_content(make(content), content)
            await self._objects.add(stored)
            return stored

        return await self.contents.keep(owner, FOLDER, chunks, finish)

    async def get(self, owner: str, file_id: str) -> StoredObject:
        """Return a file.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        return await self._objects.get(owner, FILE, file_id)

    async def page(
        self, owner: str, cursor: Cursor, purpose: str | None = None
    ) -> tuple[list[StoredObject], bool]:
        """Return a part of an owner's files, and whether there are more behind it."""
        where = () if purpose is None else (OBJECTS.c.body["purpose"].as_string() == purpose,)
        return await self._objects.page(owner, FILE, cursor, where=where)

    def content(
        self, stored: StoredObject, start: int = 0, end: int | None = None
    ) -> AsyncGenerator[bytes]:
        """Return a file's bytes, or those from ``start`` until before ``end``.

        Raises:
            FileMissingError: at the first one: it has been deleted.
        """
        return self._files.stream(content_name(stored), start, end)

    @asynccontextmanager
    async def path(self, stored: StoredObject) -> AsyncGenerator[Path]:
        """Give a path on this machine that has the file's bytes, to read only, for a while.

        Raises:
            FileMissingError: it has been deleted.
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
        """Forget a file.

        Raises:
            NotFoundError: the owner has none of this id.
        """
        await self.contents.end(await self.get(owner, file_id))

    async def sweep(self) -> None:
        """Remove what has expired."""
        await self.contents.sweep(FILE)

    async def sweep_forever(self) -> None:
        """Do so now and then, until cancelled."""
        await sweep_forever("files", self.sweep)

    async def _found(self, owner: str, file_id: str) -> StoredObject | None:
        try:
            return await self.get(owner, file_id)
        except NotFoundError:
            return None


def new_file(
    filename: str,
    purpose: str,
    owner: str,
    *,
    lives_s: int | None = None,
    expires_at: int | None = None,
    file_id: str | None = None,
) -> StoredObject:
    """Return a file, of which the content is still unknown; without an end, it stays."""
    file_id, now = file_id or new_id("file", "-"), int(time())
    if lives_s is not None:
        expires_at = now + lives_s
    body = {
        "id": file_id,
        "object": FILE,
        "bytes": 0,
        "created_at": now,
        "expires_at": expires_at,
        "filename": filename,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
    }
    return StoredObject(file_id, FILE, owner, body, expires_at=expires_at, created_at=now)


def with_content(stored: StoredObject, content: Content) -> StoredObject:
    """Return a new file with what is known of its content."""
    body = {**stored.body, "bytes": content.size}
    return replace(stored, body=body, state=content.as_state())
