"""Other processes that use the database, as other ingress replicas do."""

import asyncio
import multiprocessing
import os
import secrets
import signal
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

from serve_app.storage.database import Database
from serve_app.storage.jobs import JobStore
from serve_app.storage.migrate import open_database
from serve_app.storage.responses import JOB, ResponseStore
from tests.storage.stored import response

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    [__name__, "tests.storage.batches", "tests.storage.kinds", "tests.storage.runs"]
)  # paid for once

Work = Callable[[Database, Connection], Awaitable[None]]


class Replica:
    """A process that does ``work`` with a database of its own and reports through a pipe."""

    def __init__(self, url: str, work: Work) -> None:
        self.reports, sender = FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=_run, args=(url, work, sender), daemon=True)
        self.process.start()
        sender.close()

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()

    def rest(self) -> list[str]:
        """Return what it reports until it ends."""
        found: list[str] = []
        try:
            while True:
                found.append(self.reports.recv())
        except EOFError:
            self.process.join()
            return found


def _run(url: str, work: Work, sender: Connection) -> None:
    async def run() -> None:
        database = Database(url)
        await open_database(database)
        await work(database, sender)
        await database.close()

    asyncio.run(run())


async def add_for_ever(database: Database, sender: Connection) -> None:
    """Add responses and report each id once it has been acknowledged."""
    store = ResponseStore(database)
    while True:
        new = response()
        await store.add(new)
        sender.send(new.id)


async def add_fifty(database: Database, sender: Connection) -> None:
    """Add fifty responses at once and report their ids."""
    store = ResponseStore(database)
    new = [response() for _ in range(50)]
    await asyncio.gather(*(store.add(one) for one in new))
    for one in new:
        sender.send(one.id)


async def stop_before_the_commit(database: Database, sender: Connection) -> None:
    """Add a response in a transaction that never ends."""
    new = response()
    async with database.transaction():
        await ResponseStore(database).add(new)
        sender.send(new.id)
        await asyncio.Event().wait()


async def claim_all(database: Database, sender: Connection) -> None:
    """Take background responses until none is left, and report and finish each."""
    store, jobs = ResponseStore(database), JobStore(database, f"holder-{secrets.token_hex(8)}")
    while claimed := await jobs.claim([JOB], 60):
        job, _ = claimed
        sender.send(job.id)
        async with database.transaction():
            await jobs.lock(job.id)
            assert await store.finish(job.id, "completed", {})


async def open_only(database: Database, sender: Connection) -> None:
    """Report that the database has been opened."""
    sender.send("opened")
