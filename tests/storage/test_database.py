"""What is acknowledged stays, whoever is killed; errors name the database, without secrets."""

import asyncio
import logging
import re
import traceback
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from asyncpg.exceptions import DiskFullError
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from serve_app.models.discovery import find_last_cause
from serve_app.storage.conversations import ConversationStore
from serve_app.storage.database import Database, DatabaseError, is_disk_full
from serve_app.storage.migrate import HEAD, SCRIPTS, VERSION_TABLE, check_database, open_database
from serve_app.storage.responses import ResponseStore
from serve_app.storage.tables import METADATA
from tests.storage.conftest import make_schema
from tests.storage.processes import (
    Replica,
    add_fifty,
    add_for_ever,
    open_only,
    stop_before_the_commit,
)
from tests.storage.stored import OWNER, response
from tests.support.waiting import run_other_tasks
from wire.errors import NotFoundError, StorageUnavailableError

REFUSED = r"postgresql://127\.0\.0\.1:1/none: .*Connect call failed"

CLOSE_ALL_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
    "AND application_name = 'homeport'"
)


async def test_killed_process_loses_nothing_that_it_acknowledged(
    url: str, responses: ResponseStore
) -> None:
    replica = Replica(url, add_for_ever)
    acknowledged = [replica.reports.recv() for _ in range(25)]
    replica.kill()
    acknowledged += replica.rest()

    for name in acknowledged:
        assert (await responses.get(OWNER, name)).body["id"] == name
    await responses.add(response())


async def test_process_killed_in_a_transaction_leaves_nothing_and_blocks_nobody(
    url: str, responses: ResponseStore
) -> None:
    replica = Replica(url, stop_before_the_commit)
    name = replica.reports.recv()
    replica.kill()

    new = response()
    await responses.add(new)

    assert await responses.get(OWNER, new.id) == new
    with pytest.raises(NotFoundError):
        await responses.get(OWNER, name)


async def test_two_hundred_concurrent_adds_of_several_processes_lose_nothing(
    url: str, responses: ResponseStore
) -> None:
    replicas = [Replica(url, add_fifty) for _ in range(4)]
    added = [name for replica in replicas for name in replica.rest()]

    assert len(set(added)) == 200
    found = await asyncio.gather(*(responses.get(OWNER, name) for name in added))
    assert [one.id for one in found] == added


async def test_transaction_keeps_all_of_its_calls_or_none(database: Database) -> None:
    responses, conversations = ResponseStore(database), ConversationStore(database)
    conversation = (await conversations.create(OWNER, {})).id
    new = response(status="in_progress")
    await responses.add(new)

    async def write_and_fail() -> None:
        async with database.transaction():
            await conversations.add_items(OWNER, conversation, [{"id": "a"}])
            assert await responses.finish(new.id, "completed", {})
            assert (await responses.get(OWNER, new.id)).status == "completed"
            await responses.get(OWNER, "resp_unknown")

    with pytest.raises(NotFoundError):
        await write_and_fail()
    assert await responses.get(OWNER, new.id) == new
    assert await conversations.all_items(OWNER, conversation) == []

    async with database.transaction():
        await conversations.add_items(OWNER, conversation, [{"id": "a"}])
        assert await responses.finish(new.id, "completed", {})
    assert (await responses.get(OWNER, new.id)).status == "completed"
    assert await conversations.all_items(OWNER, conversation) == [{"id": "a"}]


async def test_client_that_leaves_in_a_write_blocks_nobody(database: Database) -> None:
    responses = ResponseStore(database)
    for steps in range(30):
        leaving = asyncio.create_task(responses.add(response()))
        await run_other_tasks(turns=steps)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)

    new = response()
    await responses.add(new)
    assert await responses.get(OWNER, new.id) == new


async def test_processes_that_start_together_migrate_once(url: str) -> None:
    replicas = [Replica(url, open_only) for _ in range(4)]

    assert [replica.rest() for replica in replicas] == [["opened"]] * 4
    assert await version(url) == [HEAD]


async def test_database_is_opened_again_as_it_was(url: str) -> None:
    new = response()
    database = Database(url)
    await open_database(database)
    await ResponseStore(database).add(new)
    await database.close()

    check_database(url)
    again = Database(url)
    await open_database(again)

    assert await ResponseStore(again).get(OWNER, new.id) == new
    await again.close()


async def test_database_that_a_process_opens_twice_shows_what_others_write(
    responses: ResponseStore, other: Database, url: str
) -> None:
    await responses.add(response())
    assert Replica(url, open_only).rest() == ["opened"]

    added = Replica(url, add_fifty).rest()

    for store in (responses, ResponseStore(other)):
        found = await asyncio.gather(*(store.get(OWNER, name) for name in added))
        assert [one.id for one in found] == added


async def test_migrations_lead_to_the_tables(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        return compare_metadata(MigrationContext.configure(connection, opts=options), METADATA)

    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == HEAD


async def test_database_of_a_newer_homeport_is_refused(url: str, database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))

    with pytest.raises(
        DatabaseError, match=r"newer Homeport \(revision 9999; this one knows up to"
    ):
        check_database(url)


async def test_nothing_that_is_stored_is_logged(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    new = response()
    with caplog.at_level(logging.DEBUG):
        await ResponseStore(database).add(new)
        with pytest.raises(IntegrityError) as twice:
            await ResponseStore(database).add(new)

    assert "Hello" not in caplog.text
    assert "Hello" not in str(twice.value)


async def version(url: str) -> list[str]:
    database = Database(url)
    async with database.reading() as connection:
        found = list((await connection.execute(text(f"SELECT * FROM {VERSION_TABLE}"))).scalars())
    await database.close()
    return found


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://me:hush@127.0.0.1:1/none", REFUSED),
        ("postgresql://me@127.0.0.1:1/none?password=hush", REFUSED),
        ("sqlite:////proc/none/homeport.db", "sqlite:////proc/none/homeport.db: .*No such file"),
        ("sqlite:////dev/null", "sqlite:////dev/null: "),
    ],
)
def test_database_that_cannot_be_reached_is_named_in_one_line(
    url: str, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(DatabaseError) as raised:
        check_database(url)

    message = str(raised.value)
    assert re.search(says, message)
    assert "\n" not in message
    assert "hush" not in message + caplog.text
    assert "me@" not in message + caplog.text
    # What Serve keeps of it, and what `make serve` says.
    assert find_last_cause("".join(traceback.format_exception(raised.value))) == message


async def test_files_are_their_owners_only(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/folder/homeport.db")
    await open_database(database)
    await ResponseStore(database).add(response())

    modes = await asyncio.to_thread(lambda: [one.stat().st_mode for one in tmp_path.rglob("*")])

    assert len(modes) >= 3
    assert all(mode & 0o077 == 0 for mode in modes)
    await database.close()


async def test_lost_database_is_a_503_and_logs_nothing_of_what_is_stored(
    postgresql_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    await make_schema(postgresql_server, "empty")
    database = Database(f"{postgresql_server}&search_path=empty")
    with pytest.raises(Exception, match="responses") as missing:
        await ResponseStore(database).add(response())
    assert "Hello" not in str(missing.value)
    await database.close()

    gone = Database(postgresql_server.replace("/hp", "/gone"))
    with pytest.raises(StorageUnavailableError) as raised:
        await ResponseStore(gone).get(OWNER, "resp_1")
    assert raised.value.retry_after_s
    await gone.close()
    assert "Hello" not in caplog.text


async def test_connections_that_the_server_closed_are_replaced(postgresql_server: str) -> None:
    database, other = Database(postgresql_server), Database(postgresql_server)
    await open_database(database)
    new = response()
    await ResponseStore(database).add(new)

    async with other.writing() as connection:
        await connection.execute(text(CLOSE_ALL_OTHERS))

    assert await ResponseStore(database).get(OWNER, new.id) == new
    await database.close()
    await other.close()


async def test_connection_lost_in_a_transaction_is_a_503(postgresql_server: str) -> None:
    database, other = Database(postgresql_server), Database(postgresql_server)
    await open_database(database)

    async def lose_it() -> None:
        async with database.transaction():
            await ResponseStore(database).add(response())
            async with other.writing() as connection:
                await connection.execute(text(CLOSE_ALL_OTHERS))
            await ResponseStore(database).add(response())

    with pytest.raises(StorageUnavailableError):
        await lose_it()
    await ResponseStore(database).add(response())
    await database.close()
    await other.close()


async def test_full_disk_is_named(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/homeport.db")
    await open_database(database)
    try:
        with pytest.raises(StorageUnavailableError, match="disk of the database is full"):
            await write_more_than_the_pages_allow(database)
    finally:
        await database.close()
    assert is_disk_full(DiskFullError("could not extend file"))


async def write_more_than_the_pages_allow(database: Database) -> None:
    async with database.writing() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))
        await connection.execute(text("CREATE TABLE large AS SELECT randomblob(1000000)"))
