"""Alembic's environment: the ingress runs it with its connection, a developer by ``alembic``.

The developer's ``alembic`` takes the database from HOMEPORT_DATABASE_URL, else the usual file.
"""

import asyncio
import os

from alembic import context
from sqlalchemy.engine import Connection

from serve_app.config import DATABASE_URL_VARIABLE, IngressConfig
from serve_app.storage.database import Database
from serve_app.storage.engines import prepare_file
from serve_app.storage.migrate import VERSION_TABLE, lock_tables
from serve_app.storage.tables import METADATA


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        version_table=VERSION_TABLE,
        render_as_batch=True,  # SQLite cannot change columns in place
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connect_and_run() -> None:
    default = IngressConfig().database_url
    database = Database(os.environ.get(DATABASE_URL_VARIABLE) or default)
    try:
        if database.url.path is not None:
            await prepare_file(database.url.path)
        async with lock_tables(database) as connection:
            await connection.run_sync(_run)
    finally:
        await database.close()


given = context.config.attributes.get("connection")
if given is None:
    asyncio.run(_connect_and_run())
else:
    _run(given)
