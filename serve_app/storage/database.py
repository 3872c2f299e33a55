"""The database: its location, its transactions, and errors when it cannot be reached.

SQLite in a file for one machine, PostgreSQL for a cluster.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from contextvars import ContextVar
from typing import Any

from sqlalchemy import ColumnElement, Float, func, literal
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from serve_app.storage.database_url import parse_database_url
from serve_app.storage.engines import create_engine
from wire.errors import StorageUnavailableError
from wire.logging import get_logger

logger = get_logger(__name__)

POSTGRESQL_DISK_FULL = "53100"
UNAVAILABLE = (OperationalError, InterfaceError)
"""The drivers' errors that the statement did not cause."""

_current: "ContextVar[tuple[Database, AsyncConnection] | None]" = ContextVar(
    "homeport_transaction", default=None
)


class DatabaseError(Exception):
    """The database cannot be used. The message has its URL without password, and the reason."""


class Database:
    """A database that several processes share. One object per process and event loop."""

    def __init__(self, url: str) -> None:
        """Set the location; nothing is opened yet.

        Raises:
            ValueError: the URL is not one of a supported database.
        """
        self.url = parse_database_url(url)
        self._readers = create_engine(self.url)
        self._writers = self._readers.execution_options(writes=True)
        # SQLite has one writer. This lock is fair, unlike polling SQLite's.
        self._turn: AbstractAsyncContextManager[Any] = (
            nullcontext() if self.is_postgresql else asyncio.Lock()
        )

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL, which several machines may share."""
        return self.url.dsn is not None

    @property
    def is_in_memory(self) -> bool:
        """Whether it exists only as long as this object."""
        return self.url.dsn is None and self.url.path is None

    async def close(self) -> None:
        """Close all connections."""
        await self._readers.dispose()

    def reading(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a connection for reading; inside ``transaction`` its connection.

        Raises:
            StorageUnavailableError: the database cannot be reached.
        """
        return self._transact(self._readers, nullcontext())

    def writing(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Return a transaction, which an error rolls back; inside ``transaction`` that one.

        On SQLite there is one at a time among all processes.

        Raises:
            StorageUnavailableError: the database cannot be reached.
        """
        return self._transact(self._writers, self._turn)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[None]:
        """Run the calls that this task makes to stores in one transaction.

        Await nothing else in it: other tasks may be waiting for it to end.

        Raises:
            StorageUnavailableError: the database cannot be reached.
        """
        async with self.writing() as connection:
            token = _current.set((self, connection))
            try:
                yield
            finally:
                _current.reset(token)

    def now(self) -> ColumnElement[float]:
        """Return the SQL expression of the Unix time, which is the same for all processes.

        The clocks of machines differ; the processes of an SQLite file share one.
        """
        if self.is_postgresql:
            return func.date_part("epoch", func.clock_timestamp(), type_=Float(53))
        return literal(time.time(), Float(53))

    @asynccontextmanager
    async def _transact(
        self, engine: AsyncEngine, turn: AbstractAsyncContextManager[Any]
    ) -> AsyncGenerator[AsyncConnection]:
        current = _current.get()
        if current is not None and current[0] is self:
            yield current[1]
            return
        async with turn, aclosing(await self._connect(engine)) as connection:
            try:
                async with connection.begin():
                    yield connection
            except DBAPIError as error:
                if error.connection_invalidated or isinstance(error, UNAVAILABLE):
                    raise self._unavailable(error) from error
                raise

    async def _connect(self, engine: AsyncEngine) -> AsyncConnection:
        try:
            return await engine.connect()
        except Exception as error:  # of the driver, the system or SQLAlchemy
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StorageUnavailableError:
        logger.error("Database %s: %s", self.url.shown, reason_of(error))
        is_full = isinstance(error, DBAPIError) and is_disk_full(error.orig)
        what = "The disk of the database is full." if is_full else "The database cannot be reached."
        return StorageUnavailableError(f"{what} Try again later.")


def is_disk_full(error: object) -> bool:
    """Return whether a driver's error means that the disk is full."""
    return (
        getattr(error, "sqlite_errorname", None) == "SQLITE_FULL"
        or getattr(error, "sqlstate", None) == POSTGRESQL_DISK_FULL
    )


def reason_of(error: BaseException) -> str:
    """Return the driver's message in one line and without the statement."""
    original = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(original).split()) or type(original).__name__
