"""Processes that keep files, as ingress replicas do, and may be killed while they do."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection

from serve_app.storage.database import Database
from serve_app.storage.files import FileStore
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.kept_uploads import KeptUploads
from tests.storage.stored import OWNER

CHUNK = 300_000


async def pieces(seed: int, count: int = 4) -> AsyncIterator[bytes]:
    """Yield what is in the file of this number."""
    for index in range(count):
        yield hashlib.sha256(b"%d %d" % (seed, index)).digest() * (CHUNK // 32)


async def keep_for_ever(folder: str, database: Database, sender: Connection) -> None:
    """Keep files, and delete every third; report what has been acknowledged."""
    files = KeptFiles(database, FileStore(folder))
    seed = 0
    while True:
        seed += 1
        kept = await files.add(OWNER, str(seed), "assistants", pieces(seed))
        sender.send(("kept", kept.id, seed))
        if seed % 3 == 0:
            await files.delete(OWNER, kept.id)
            sender.send(("deleted", kept.id, seed))


async def stop_while_writing(folder: str, database: Database, sender: Connection) -> None:
    """Begin a file and report that a part of it is in the store."""
    files = KeptFiles(database, FileStore(folder))

    async def report_pieces() -> AsyncIterator[bytes]:
        async for piece in pieces(0, 8):
            yield piece
        sender.send(("begun", "", 0))
        await asyncio.Event().wait()

    await files.add(OWNER, "a", "assistants", report_pieces())


async def complete_for_ever(folder: str, database: Database, sender: Connection) -> None:
    """Make files of two parts each; report each upload when its parts are there and at its end."""
    files = KeptFiles(database, FileStore(folder))
    uploads = KeptUploads(database, files)
    seed = 0
    while True:
        seed += 1
        new = await uploads.create(OWNER, str(seed), "assistants", 8 * (CHUNK // 32 * 32), None)
        parts = [await uploads.add_part(OWNER, new.id, pieces(seed), 2**30) for _ in range(2)]
        sender.send(("begun", new.id, [part.id for part in parts]))
        done = await uploads.complete(OWNER, new.id, [part.id for part in parts], None)
        sender.send(("completed", new.id, done.body["file"]["id"]))
