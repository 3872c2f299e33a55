"""Opens a database and brings its tables up to date, once however many processes start together."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import column, func, inspect, select, table
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from serve_app.storage.database import Database, DatabaseError, reason_of
from serve_app.storage.engines import prepare_file
from serve_app.storage.tables import METADATA, RESPONSES
from wire.errors import StorageUnavailableError

HEAD = "0005"
"""The newest revision in ``migrations/versions``. Here, to load Alembic only to migrate."""
VERSION_TABLE = "homeport_schema"
"""Not Alembic's usual name: another program may keep its tables in the same database."""
SCRIPTS = Path(__file__).parent / "migrations"
LOCK = 0x686F6D65706F7274
"""PostgreSQL's lock of those who migrate: "homeport"."""


def check_database(url: str) -> None:
    """Open a database and close it again, where no event loop can be awaited.

    Serve hides why an application's lifespan fails, and shows why its constructor does.

    Raises:
        DatabaseError, ValueError: the reason, in one line.
    """

    async def open_and_close() -> None:
        database = Database(url)
        await open_database(database)
        await database.close()

    with ThreadPoolExecutor(1) as thread:  # this one may have a running loop
        thread.submit(asyncio.run, open_and_close()).result()


async def open_database(database: Database) -> None:
    """Reach a database and bring its tables up to date, before anything else uses it.

    Raises:
        DatabaseError: the reason, in one line.
    """
    try:
        if database.url.path is not None:
            await prepare_file(database.url.path)
        await _migrate(database)
    except DatabaseError:
        await database.close()
        raise
    except Exception as error:
        await database.close()
        cause = error.__cause__ if isinstance(error, StorageUnavailableError) else error
        reason = reason_of(cause or error)
        raise DatabaseError(f"database {database.url.shown}: {reason}") from error


async def _migrate(database: Database) -> None:
    if database.is_in_memory:  # it has no past
        async with database.writing() as connection:
            await connection.run_sync(_create)
        return
    async with database.reading() as connection:
        if await connection.run_sync(_is_current, database):
            return
    async with lock_tables(database) as connection:
        if not await connection.run_sync(_is_current, database):
            await connection.run_sync(_upgrade)


@asynccontextmanager
async def lock_tables(database: Database) -> AsyncGenerator[AsyncConnection]:
    """Return a transaction to change tables in, which no other process has at the same time."""
    async with database.writing() as connection:  # on SQLite this is the lock
        if database.is_postgresql:
            await connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        yield connection


def _create(connection: Connection) -> None:
    if not inspect(connection).has_table(RESPONSES.name):
        METADATA.create_all(connection, checkfirst=False)


def _is_current(connection: Connection, database: Database) -> bool:
    if not inspect(connection).has_table(VERSION_TABLE):
        return False
    versions = table(VERSION_TABLE, column("version_num"))
    version: str | None = connection.execute(select(versions.c.version_num)).scalar()
    if version is not None and version > HEAD:
        raise DatabaseError(
            f"database {database.url.shown}: its tables are those of a newer Homeport "
            f"(revision {version}; this one knows up to {HEAD}). Start that one, or name another "
            "database."
        )
    return version == HEAD


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
