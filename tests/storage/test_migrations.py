"""A database of an earlier version goes on where it was."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from serve_app.http.auth import EVERYONE
from serve_app.storage.database import Database
from serve_app.storage.engines import prepare_file
from serve_app.storage.jobs import JobStore
from serve_app.storage.migrate import SCRIPTS, check_database
from serve_app.storage.response_rows import StoredResponse, to_values
from serve_app.storage.responses import JOB, ResponseStore
from tests.storage.kinds import Model, server
from tests.storage.stored import response
from tests.support.waiting import read_until

INSERT = (
    "INSERT INTO responses (id, owner, created_at, status, model, body, input, "
    "previous_response_id, conversation_id, background, request, expires_at, holder, lease_until) "
    "VALUES (:id, :owner, :created_at, :status, :model, :body, :input, :previous_response_id, "
    ":conversation_id, :background, :request, :expires_at, :holder, :lease_until)"
)


def move_to(connection: Connection, revision: str) -> None:
    """Bring the tables to a revision, as a developer does with ``alembic``."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    move = command.downgrade if inspect(connection).has_table("responses") else command.upgrade
    move(config, revision)


@pytest.fixture
async def old(url: str) -> Any:
    """A database of revision 0002."""
    database = Database(url)
    if database.url.path is not None:
        await prepare_file(database.url.path)
    async with database.writing() as connection:
        await connection.run_sync(move_to, "0002")
    yield database
    await database.close()


async def insert(
    database: Database, new: StoredResponse, holder: str | None = None, lease_until: float = 0
) -> None:
    """Add a response as revision 0002 had it."""
    values = to_values(new) | {"holder": holder, "lease_until": lease_until}
    for name in ("body", "input", "request"):
        values[name] = None if values[name] is None else json.dumps(values[name])
    async with database.writing() as connection:
        if database.is_postgresql:
            query = INSERT
            for name in ("body", "input", "request"):
                query = query.replace(f":{name},", f"CAST(:{name} AS json),")
            await connection.execute(text(query), values)
        else:
            await connection.execute(text(INSERT), values)


def with_request(status: str) -> StoredResponse:
    new = response(owner=EVERYONE, background=True, status=status)
    request = {"input": "hi", "request_id": new.id, "shown": {}, "stream": False}
    return replace(new, request=request)


async def until_completed(database: Database, new: StoredResponse) -> None:
    store = ResponseStore(database)
    await read_until(lambda: store.get(new.owner, new.id), lambda kept: kept.status == "completed")


async def test_responses_that_were_queued_are_made(old: Database, url: str, tmp_path: Path) -> None:
    queued, begun = with_request("queued"), with_request("in_progress")
    await insert(old, queued)
    await insert(old, begun, "a process that has ended", 2**40)

    async with server(url, tmp_path, Model()):
        for each in (queued, begun):
            await until_completed(old, each)


async def test_what_has_ended_is_as_it_was_and_has_no_job(old: Database, url: str) -> None:
    ended = [response(), response(background=True), response(background=True, status="failed")]
    for each in ended:
        await insert(old, each)
    async with old.writing() as connection:
        events = "INSERT INTO response_events VALUES (:id, 0, :event)"
        await connection.execute(text(events), {"id": ended[0].id, "event": b"a"})

    check_database(url)

    store = ResponseStore(old)
    for each in ended:
        assert await store.get(each.owner, each.id) == each
    assert await store.events(ended[0].owner, ended[0].id) == [(0, b"a")]
    assert await JobStore(old, "a").claim([JOB], 60) is None


async def test_tables_can_be_brought_back(old: Database, url: str) -> None:
    check_database(url)
    queued = response(background=True, status="queued")
    await ResponseStore(old).add(queued)

    async with old.writing() as connection:
        await connection.run_sync(move_to, "0002")
        found = (await connection.execute(text("SELECT holder, lease_until FROM responses"))).all()
        jobs = (await connection.execute(text("SELECT id FROM objects"))).all()
    assert (found, jobs) == ([(None, None)], [])
    check_database(url)

    claimed = await JobStore(old, "a").claim([JOB], 60)
    assert claimed
    assert claimed[0].id == queued.id
