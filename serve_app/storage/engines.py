"""SQLAlchemy's engines, so that what was committed stays and no stored text is logged."""

import asyncio
import json
import logging
import os
import secrets
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, event
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from serve_app.storage.database_url import DatabaseURL

SQLITE_CONNECTIONS = 4
"""Threads that read a file at once; one of them writes."""
POSTGRESQL_CONNECTIONS = 5
"""Connections of one ingress replica: twenty replicas fit into PostgreSQL's default of 100."""
BUSY_S = 30
"""How long a writer waits for the writers of other processes. A write takes some milliseconds."""
CONNECT_S = 10
"""How long PostgreSQL may take to let us in."""
STATEMENT_S = 60
"""Longest time of a statement. A lost connection may not be reported earlier."""


class SqliteConnection(sqlite3.Connection):
    """A connection that is closed, with its locks, even if a cursor of it lives on.

    Otherwise SQLite keeps it until the last cursor that has rows to read is deleted, and a
    cancelled task's traceback may hold one for as long as nobody collects garbage.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        """Open the database as ``sqlite3.connect`` does."""
        super().__init__(*args, **options)
        self._cursors = WeakSet[sqlite3.Cursor]()

    def cursor(self, factory: Any = sqlite3.Cursor) -> Any:
        """Return a new cursor."""
        cursor = super().cursor(factory)
        self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """Close the cursors, and then the connection, which rolls back."""
        for cursor in self._cursors:
            cursor.close()
        self._cursors.clear()  # since it may be closed again
        super().close()


def create_engine(url: DatabaseURL) -> AsyncEngine:
    """Return the engine of a database; nothing is connected yet."""
    if url.dsn is not None:
        return _postgresql(url.dsn)
    return _sqlite_memory() if url.path is None else _sqlite_file(url.path)


async def prepare_file(path: Path) -> None:
    """Make an SQLite file that only its owner reads, and in which readers never wait."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Only if it is new: closing a file drops all locks that this process has on it, SQLite's too.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    await asyncio.to_thread(_use_write_ahead_log, path)


def _use_write_ahead_log(path: Path) -> None:
    # The file remembers it. SQLite does not wait for its turn here, unlike everywhere else.
    deadline = time.monotonic() + BUSY_S
    with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return


def _sqlite_file(path: Path) -> AsyncEngine:
    return _sqlite(URL.create("sqlite+aiosqlite", database=str(path)), SQLITE_CONNECTIONS)


def _sqlite_memory() -> AsyncEngine:
    # A name, so that the database outlives a connection that a cancelled task has cost.
    name = f"file:/homeport-{secrets.token_hex(8)}?vfs=memdb"
    keeper = sqlite3.connect(name, uri=True, check_same_thread=False)
    url = URL.create("sqlite+aiosqlite", database=name, query={"uri": "true"})
    engine = _sqlite(url, connections=1)

    def close_keeper(_: object) -> None:
        keeper.close()

    event.listen(engine.sync_engine, "engine_disposed", close_keeper)
    return engine


def _sqlite(url: URL, connections: int) -> AsyncEngine:
    # Its debug logs would contain stored texts.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    engine = create_async_engine(
        url,
        connect_args={"timeout": BUSY_S, "factory": SqliteConnection},
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        json_serializer=_json,
    )
    event.listen(engine.sync_engine, "connect", _set_up_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin explicitly
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    # Every commit is on the disk when it returns; NORMAL could lose the last ones with the power.
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins by reading and then writes fails when another wrote in between, and
    # no waiting helps. One that is going to write waits at its beginning.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(dsn: str) -> AsyncEngine:
    async def connect() -> Any:
        import asyncpg

        # The driver parses the URL, because it supports all that PostgreSQL's own clients do:
        # sslmode, several hosts, sockets, password files.
        return await asyncpg.connect(
            dsn,
            timeout=CONNECT_S,
            command_timeout=STATEMENT_S,
            server_settings={"application_name": "homeport"},
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=POSTGRESQL_CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,  # a server that was restarted closed the connections that wait here
        hide_parameters=True,
        json_serializer=_json,
    )


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
