"""Contents in the file store, each with a row in the database: both exist, or neither.

A row exists before the first byte is written and until the content is deleted. At whatever moment a
process is killed, some row refers to the remaining content, and ``sweep`` deletes both.
"""

import errno
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, replace
from time import time
from typing import Any, TypeVar

from serve_app.storage.database import Database
from serve_app.storage.files import ABANDONED_AFTER_S, FileStore
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from wire.errors import NotFoundError, StorageUnavailableError
from wire.ids import new_id
from wire.logging import get_logger

logger = get_logger(__name__)

T = TypeVar("T")

INCOMING = "incoming"
"""Kind of the rows of contents that are being written. Not visible to clients."""
CONTENT = "content"
"""Key of the content's name in the state of an object."""


@dataclass(frozen=True, slots=True)
class Content:
    """A content that has been written."""

    name: str
    size: int
    sha256: str

    def as_state(self) -> dict[str, Any]:
        """Return the state of the object with this content."""
        return {CONTENT: self.name, "bytes": self.size, "sha256": self.sha256}


class Contents:
    """The contents of a database's objects in a file store."""

    def __init__(self, database: Database, files: FileStore) -> None:
        self._database = database
        self._objects = ObjectStore(database)
        self.files = files

    async def keep(
        self,
        owner: str,
        folder: str,
        chunks: AsyncIterable[bytes],
        finish: Callable[[Content], Awaitable[T]],
    ) -> T:
        """Write content as it arrives; ``finish`` adds its object.

        ``finish`` runs in the transaction that makes the content visible, and may await only
        stores. If it or ``chunks`` raises, the content is deleted.

        Raises:
            StorageUnavailableError: the file store cannot be written.
        """
        writing = StoredObject(
            id=new_id("incoming"),
            kind=INCOMING,
            owner=owner,
            body={},
            state={CONTENT: f"{folder}/{new_id('content')}"},
            expires_at=int(time()) + ABANDONED_AFTER_S,
        )
        await self._objects.add(writing)
        try:
            name = content_name(writing)
            written = await self.files.write(name, chunks)
            async with self._database.transaction():
                await self._objects.delete(owner, INCOMING, writing.id)
                return await finish(Content(name, written.size, written.sha256))
        except BaseException as error:
            await self._discard(writing)
            if isinstance(error, OSError):
                logger.exception("The file store cannot be written")
                is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
                reason = "Its disk is full." if is_full else "Try again later."
                raise StorageUnavailableError(f"The file store takes no files. {reason}") from error
            raise

    async def end(self, stored: StoredObject) -> None:
        """Delete an object and its content, which are invisible from now on.

        Raises:
            NotFoundError: it has been deleted meanwhile.
        """
        await self._objects.change(
            stored.owner, stored.kind, stored.id, lambda found: replace(found, expires_at=0)
        )
        try:
            await self.remove(stored)
        except OSError:
            logger.exception("The sweep will delete a content")

    async def remove(self, stored: StoredObject) -> None:
        """Delete an expired object and its content. Several processes may do so concurrently."""
        await self.files.delete(content_name(stored))
        await self._objects.remove(stored.id)

    async def _discard(self, writing: StoredObject) -> None:
        try:
            await self.end(writing)
        except NotFoundError:
            pass  # the transaction was committed although it raised
        except Exception:
            logger.exception("The sweep will delete an incomplete content")

    async def sweep(self, *kinds: str) -> None:
        """Delete expired objects of these kinds, and incomplete contents."""
        for kind in (INCOMING, *kinds):
            while expired := await self._objects.find_expired(kind):
                for stored in expired:
                    await self.remove(stored)
        await self.files.sweep()


def content_name(stored: StoredObject) -> str:
    """Return the name of an object's content in the file store."""
    return (stored.state or {})[CONTENT]
