"""Who is cancelled while it uses the database leaves nothing that others have to wait for."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Generator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from tests.storage.stored import OWNER
from tests.support.waiting import run_other_tasks
from wire.ids import new_id

KIND = "batch"
WAIT_S = 2
"""How long a statement waits for another's lock."""


class Leaving:
    """Waits for a call, and is cancelled where it awaits for the nth time; or again and again."""

    def __init__(self, call: Coroutine[Any, Any, Any], at: int, *, again: bool) -> None:
        self._call = call
        self._at = at
        self._again = again

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._call.__await__()
        num_awaits = 0
        error: BaseException | None = None
        while True:
            try:
                awaited = steps.throw(error) if error else steps.send(None)
            except StopIteration as end:
                return end.value
            num_awaits += 1
            task = asyncio.current_task()
            if task and (num_awaits == self._at or (self._again and num_awaits > self._at)):
                task.cancel()
            try:
                yield awaited
                error = None
            except BaseException as thrown:  # noqa: BLE001  the call gets it
                error = thrown


@pytest.fixture
async def impatient(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Database, Database]]:
    """The database as two replicas see it whose statements do not wait for long."""
    assert database.url.shown
    monkeypatch.setattr("serve_app.storage.engines.BUSY_S", WAIT_S)
    monkeypatch.setattr("serve_app.storage.engines.STATEMENT_S", WAIT_S)
    one, two = Database(url), Database(url)
    yield one, two
    await one.close()
    await two.close()


async def add_job(database: Database) -> StoredObject:
    job = StoredObject(new_id("job"), KIND, OWNER, {"n": 0})
    await ObjectStore(database).add(job)
    return job


async def count(database: Database, job: StoredObject) -> None:
    def add_one(stored: StoredObject) -> StoredObject:
        return replace(stored, body={**stored.body, "n": stored.body["n"] + 1})

    await ObjectStore(database).change(OWNER, KIND, job.id, add_one)


async def read(database: Database, job: StoredObject) -> int:
    return (await ObjectStore(database).get(OWNER, KIND, job.id)).body["n"]


async def is_read(database: Database) -> bool:
    """Return whether someone has not ended reading an SQLite file."""
    if database.is_postgresql:
        return False
    async with database._readers.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        cursor = await driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return (await cursor.fetchone())[0] == 1


async def call(leaving: Leaving) -> None:
    """Await it in a task of its own."""

    async def wait() -> None:
        await leaving

    await asyncio.create_task(wait())


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("use", [count, read])
async def test_who_leaves_at_any_await_leaves_no_lock(
    database: Database,
    impatient: tuple[Database, Database],
    use: Any,
    *,
    again: bool,
) -> None:
    one, two = impatient
    job = await add_job(database)
    await count(two, job)
    tracebacks: list[BaseException] = []  # hold what the cancelled calls had
    is_whole = False

    while not is_whole:
        try:
            await call(Leaving(use(one, job), len(tracebacks) + 1, again=again))
            is_whole = True
        except asyncio.CancelledError as error:
            tracebacks.append(error)
        await count(two, job)
        assert await read(one, job) == await read(two, job)

    assert len(tracebacks) > 5
    assert not await is_read(two)


@pytest.mark.parametrize("turns", range(8))
async def test_writer_that_leaves_while_it_waits_for_another_gets_no_lock(
    database: Database, impatient: tuple[Database, Database], turns: int
) -> None:
    one, two = impatient
    job = await add_job(database)
    waits = asyncio.Event()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "BEGIN IMMEDIATE" or "FOR UPDATE" in statement:
            waits.set()

    event.listen(one._writers.sync_engine, "before_cursor_execute", note)

    async with two.transaction():
        await count(two, job)
        leaving = asyncio.create_task(count(one, job))
        await waits.wait()
        await run_other_tasks(turns)
        leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving

    await count(two, job)
    assert await read(one, job) == 2
