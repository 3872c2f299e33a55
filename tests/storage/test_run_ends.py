"""How runs end that are not completed, and by whom."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from time import time
from typing import Any

import pytest
from sqlalchemy import update

from serve_app.assistants.assembly import AssistantParts
from serve_app.assistants.objects import MESSAGE, RUN, STEP, THREAD
from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor, ObjectStore
from serve_app.storage.tables import OBJECTS
from tests.storage.processes import Replica
from tests.storage.runs import (
    Answer,
    half,
    in_words,
    new_run,
    read_messages,
    replica,
    until,
    until_begun,
    with_the_function,
)
from tests.storage.stored import OWNER
from tests.support import waiting
from wire.errors import NotFoundError, StorageUnavailableError

CODE: Any = {"type": "code_interpreter"}
Start = Callable[..., Replica]


@pytest.fixture
async def parts(database: Database, tmp_path: Path) -> AssistantParts:
    """What an ingress replica that works on nothing has."""
    return (await replica(database, tmp_path))[0]


@pytest.fixture
async def work(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    """Work on runs in this process; give what was reported."""
    for name, value in (("LEASE_S", 15), ("LOOK_EVERY_S", 0.1), ("RENEW_EVERY_S", 0.1)):
        monkeypatch.setattr(f"serve_app.jobs.worker.{name}", value)
    tasks: list[asyncio.Task[None]] = []

    async def work(
        answer: Answer, where: Database = database
    ) -> tuple[asyncio.Task[None], list[str]]:
        reports: list[str] = []
        _, jobs = await replica(where, tmp_path, answer, reports.append)
        tasks.append(asyncio.create_task(jobs.work_forever()))
        return tasks[-1], reports

    yield work
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def change_run(database: Database, run: StoredObject, **body: Any) -> None:
    def with_body(stored: StoredObject) -> StoredObject:
        return replace(stored, body={**stored.body, **body})

    await ObjectStore(database).change(OWNER, RUN, run.id, with_body)


async def test_run_goes_on_when_its_process_is_told_to_end(
    database: Database, parts: AssistantParts, work: Any, other: Database
) -> None:
    run = await new_run(parts)
    working, reports = await work(half)
    await waiting.until(lambda: "asked hi" in reports)

    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await work(in_words, other)
    await until(database, run, "completed")

    assert "left" in reports
    assert (await read_messages(database, run))[0] == ["completed: There are 1."]


async def test_run_is_cancelled_from_another_replica(
    database: Database, parts: AssistantParts, work: Any, other: Database, tmp_path: Path
) -> None:
    run = await new_run(parts)
    _, reports = await work(half)
    await until_begun(database, run)
    elsewhere, _ = await replica(other, tmp_path)

    asked = await elsewhere.runs.cancel(OWNER, run.body["thread_id"], run.id)
    kept = await until(database, run, "cancelled")

    assert asked.body["status"] == "cancelling"
    assert kept.body["cancelled_at"]
    assert await read_messages(database, run) == (
        ["incomplete: There"],
        [("message_creation", "cancelled")],
    )
    await waiting.until(lambda: "left" in reports)


async def test_run_that_nobody_gives_outputs_expires(
    database: Database, parts: AssistantParts, work: Any
) -> None:
    run = await new_run(parts)
    await work(with_the_function)
    await until(database, run, "requires_action")
    await change_run(database, run, expires_at=int(time()) - 1)
    async with database.writing() as connection:
        past = update(OBJECTS).where(OBJECTS.c.id == run.id).values(lease_until=1)
        await connection.execute(past)

    kept = await until(database, run, "expired")

    assert kept.body["required_action"] is None
    assert await read_messages(database, run) == ([], [("tool_calls", "expired")])


async def test_run_that_takes_too_long_expires(
    database: Database, parts: AssistantParts, work: Any
) -> None:
    run = await new_run(parts)
    await change_run(database, run, expires_at=int(time()) + 2)
    _, reports = await work(half)

    await until(database, run, "expired")

    assert await read_messages(database, run) == (
        ["incomplete: There"],
        [("message_creation", "expired")],
    )
    assert reports == ["asked hi", "left"]


async def test_run_that_expired_before_it_began_asks_nobody(
    database: Database, parts: AssistantParts, work: Any
) -> None:
    run = await new_run(parts)
    await change_run(database, run, expires_at=int(time()) - 1)

    _, reports = await work(in_words)
    await until(database, run, "expired")

    assert reports == []


async def test_run_whose_thread_is_deleted_ends_and_leaves_nothing(
    database: Database, parts: AssistantParts, work: Any
) -> None:
    run = await new_run(parts)
    _, reports = await work(half)
    await until_begun(database, run)

    await ObjectStore(database).delete(OWNER, THREAD, run.body["thread_id"])

    await waiting.until(lambda: "left" in reports)
    objects = ObjectStore(database)
    for kind in (RUN, MESSAGE, STEP, THREAD):
        assert (await objects.page(OWNER, kind, Cursor()))[0] == []
    with pytest.raises(NotFoundError):
        await objects.get(OWNER, RUN, run.id)


async def test_run_outlives_a_database_that_fails_for_a_while(
    database: Database, parts: AssistantParts, work: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve_app.jobs.worker.LEASE_S", 2)
    run = await new_run(parts)
    writing, failures = Database.writing, 0

    def failing(self: Database) -> Any:
        nonlocal failures
        if reports and failures < 3:  # the model has been asked, and what it says cannot be kept
            failures += 1
            raise StorageUnavailableError("gone")
        return writing(self)

    reports: list[str] = []
    monkeypatch.setattr(Database, "writing", failing)
    _, reports = await work(in_words)

    await until(database, run, "completed")

    assert failures == 3
    assert await read_messages(database, run) == (
        ["completed: There are 1."],
        [("message_creation", "completed")],
    )
