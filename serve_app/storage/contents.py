"""Content in the file store with its row in the database: both exist, or neither.

A row announces the content before its first byte is written, and content is removed before its row.
Whenever a process is killed, a row refers to what is left, and ``sweep`` removes it.
"""

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
"""Kind of the rows of what is being written. No client sees one."""
CONTENT = "content"
"""Where the state of an object says how its content is called in the file store."""


@dataclass(frozen=True, slots=True)
class Content:
    """What has been written."""

    name: str
    size: int
    sha256: str

    def as_state(self) -> dict[str, Any]:
        """Return the state of the object whose content it is."""
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
        """Write content as it comes; ``finish`` adds the object that tells of it.

        ``finish`` runs in the transaction from which on it counts, and may await stores only. What
        it or ``chunks`` raises leaves nothing behind.

        Raises:
            StorageUnavailableError: the file store takes no more.
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
                raise StorageUnavailableError("The file store takes no files now.") from error
            raise

    async def end(self, stored: StoredObject) -> None:
        """Remove an object, which nobody finds from now on, and its content.

        Raises:
            NotFoundError: another does.
        """
        await self._objects.change(
            stored.owner, stored.kind, stored.id, lambda found: replace(found, expires_at=0)
        )
        await self.remove(stored)

    async def remove(self, stored: StoredObject) -> None:
        """Remove what nobody finds any more. Several may do so at once."""
        await self.files.delete(content_name(stored))
        await self._objects.remove(stored.id)

    async def _discard(self, writing: StoredObject) -> None:
        try:
            await self.end(writing)
        except NotFoundError:
            pass  # it counts, although we were told otherwise
        except Exception:
            logger.exception("What was not written to its end is left to the sweep")

    async def sweep(self, *kinds: str) -> None:
        """Remove what has expired, of these kinds and of what was not written to its end."""
        for kind in (INCOMING, *kinds):
            while expired := await self._objects.expired(kind):
                for stored in expired:
                    await self.remove(stored)
        await self.files.sweep()


def content_name(stored: StoredObject) -> str:
    """Return how an object's content is called in the file store."""
    return (stored.state or {})[CONTENT]
