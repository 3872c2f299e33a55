"""The same tests on both databases: an SQLite file, and a PostgreSQL that the run starts."""

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from openai import AsyncOpenAI

from serve_app.storage.conversations import ConversationStore
from serve_app.storage.database import Database
from serve_app.storage.migrate import open_database
from serve_app.storage.responses import ResponseStore
from tests.storage.kinds import Model, server
from tests.support.postgresql import postgresql


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/data/homeport.db"
        return
    server: str = request.getfixturevalue("postgresql_server")
    schema = f"test_{secrets.token_hex(8)}"  # quicker to make than a database
    await make_schema(server, schema)
    yield f"{server}&search_path={schema}"


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    await open_database(database)
    yield database
    await database.close()


@pytest.fixture
async def other(database: Database, url: str) -> AsyncIterator[Database]:
    """The database as another ingress replica sees it."""
    other = Database(url)
    await open_database(other)
    yield other
    await other.close()


@pytest.fixture
def responses(database: Database) -> ResponseStore:
    return ResponseStore(database)


@pytest.fixture
def conversations(database: Database) -> ConversationStore:
    return ConversationStore(database)


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
async def client(
    database: Database, url: str, tmp_path: Path, model: Model
) -> AsyncIterator[AsyncOpenAI]:
    """A client of an ingress replica that does jobs."""
    async with server(url, tmp_path, model) as client:
        yield client


async def make_schema(server: str, name: str) -> None:
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE SCHEMA {name}")
    await connection.close()
