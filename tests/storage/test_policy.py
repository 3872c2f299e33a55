"""What happens to jobs of every kind when database, model replica, lease or process is lost."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI
from sqlalchemy import select, update

from serve_app.jobs import worker
from serve_app.models import retrying
from serve_app.models.retrying import MAX_ATTEMPTS
from serve_app.storage.database import Database
from serve_app.storage.jobs import JobStore
from serve_app.storage.tables import OBJECTS
from tests.storage.kinds import KINDS, Add, Model, doing_jobs, server, wait_for_end
from tests.storage.processes import Replica
from wire.errors import ModelOverloadedError, ReplicaLostError, StorageUnavailableError


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_EVERY_S", "RENEW_EVERY_S"):
        monkeypatch.setattr(worker, name, 0.02)
    monkeypatch.setattr("serve_app.responses.background.RENEW_EVERY_S", 0.02)
    monkeypatch.setattr(retrying, "FIRST_PAUSE_S", 0.001)
    for error in (ModelOverloadedError, ReplicaLostError):
        monkeypatch.setattr(error, "usual_retry_after_s", 0)


@pytest.fixture
def add(kind: str) -> Add:
    return KINDS[kind]


@pytest.fixture
async def queueing(
    database: Database, url: str, tmp_path: Path, model: Model
) -> AsyncIterator[AsyncOpenAI]:
    """A client of an ingress replica that does none."""
    async with server(url, tmp_path, model, works=False) as client:
        yield client


async def row_of(database: Database, kind: str) -> Any:
    """Return the row of the only job."""
    query = select(OBJECTS.c.id, OBJECTS.c.attempts).where(OBJECTS.c.kind == kind)
    async with database.reading() as connection:
        return (await connection.execute(query)).one()


async def test_job_whose_request_loses_every_replica_fails_with_the_reason(
    client: AsyncOpenAI, model: Model, add: Add
) -> None:
    model.troubles = [ReplicaLostError("Gone.") for _ in range(20)]

    status, reason = await wait_for_end(await add(client))

    assert status == "failed"
    assert model.reports == ["asked"] * MAX_ATTEMPTS
    assert reason
    assert "Gone." in reason or f"sent {MAX_ATTEMPTS} times" in reason


async def test_job_whose_request_loses_a_replica_is_done_by_another(
    client: AsyncOpenAI, model: Model, add: Add
) -> None:
    model.troubles = [ReplicaLostError("Gone.") for _ in range(MAX_ATTEMPTS - 1)]

    assert await wait_for_end(await add(client)) == ("completed", None)


async def test_waiting_for_room_is_no_attempt(client: AsyncOpenAI, model: Model, add: Add) -> None:
    model.troubles = [ModelOverloadedError("Full.") for _ in range(2 * MAX_ATTEMPTS)]

    assert await wait_for_end(await add(client)) == ("completed", None)

    assert len(model.reports) == 2 * MAX_ATTEMPTS + 1


async def test_attempts_outlive_the_process(
    queueing: AsyncOpenAI, url: str, tmp_path: Path, model: Model, add: Add, kind: str,
    database: Database,
) -> None:  # fmt: skip
    check = await add(queueing)
    dying = JobStore(database, "dying")
    for _ in range(MAX_ATTEMPTS - 1):
        assert await dying.claim([kind], 0)
    model.troubles = [ReplicaLostError("Gone.") for _ in range(20)]

    async with server(url, tmp_path, model):
        status, _ = await wait_for_end(check)

    assert status == "failed"
    # The requests of a batch have attempts of their own, one for each line.
    assert len(model.reports) == (MAX_ATTEMPTS if kind == "batch" else 1)


async def test_job_that_ends_its_processes_fails(
    queueing: AsyncOpenAI, url: str, tmp_path: Path, model: Model, add: Add, kind: str,
    database: Database,
) -> None:  # fmt: skip
    check = await add(queueing)
    dying = JobStore(database, "dying")
    for _ in range(MAX_ATTEMPTS):
        assert await dying.claim([kind], 0)

    async with server(url, tmp_path, model):
        status, _ = await wait_for_end(check)

    assert status == "failed"
    assert model.reports == []


async def test_outages_of_the_database_are_no_attempts(
    client: AsyncOpenAI, model: Model, add: Add, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time the model has been asked, the next write of the job's holder fails."""
    most, num_failures = MAX_ATTEMPTS + 2, 0

    def fail_once(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*arguments: Any, **options: Any) -> Any:
            nonlocal num_failures
            if num_failures < min(len(model.reports), most):
                num_failures += 1
                raise StorageUnavailableError("gone")
            return await method(*arguments, **options)

        return call

    for name in ("write", "lock"):
        monkeypatch.setattr(JobStore, name, fail_once(getattr(JobStore, name)))

    assert await wait_for_end(await add(client)) == ("completed", None)
    # What a background response has received is written later, and not requested again.
    assert len(model.reports) == (1 if kind == "response" else most + 1)


async def test_job_goes_on_after_an_outage_that_outlasts_its_lease(
    queueing: AsyncOpenAI, url: str, tmp_path: Path, model: Model, add: Add, kind: str,
    database: Database, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(worker, "LEASE_S", 0.3)
    check = await add(queueing)
    connect, is_away = Database._connect, False  # pyright: ignore[reportPrivateUsage]

    async def connect_unless_away(self: Database, *arguments: Any) -> Any:
        if is_away:
            raise StorageUnavailableError("gone")
        return await connect(self, *arguments)

    monkeypatch.setattr(Database, "_connect", connect_unless_away)
    model.may_answer.clear()
    async with server(url, tmp_path, model):
        await model.until("asked")
        is_away = True
        await model.until("left")
        model.may_answer.set()
        is_away = False

        assert await wait_for_end(check) == ("completed", None)

    assert model.reports == ["asked", "left", "asked"]


async def test_process_that_lost_its_lease_leaves_the_job_to_another(
    client: AsyncOpenAI, model: Model, add: Add, kind: str, database: Database
) -> None:
    model.may_answer.clear()
    check = await add(client)
    await model.until("asked")

    async def hold(lease_until: float) -> None:
        async with database.writing() as connection:
            held = {"holder": "another", "lease_until": lease_until}
            await connection.execute(update(OBJECTS).where(OBJECTS.c.kind == kind).values(**held))

    await hold(2**40)
    await model.until("left")
    model.may_answer.set()
    assert (await check())[0] not in ("completed", "failed")

    await hold(1)

    assert await wait_for_end(check) == ("completed", None)
    assert model.reports == ["asked", "left", "asked"]


@pytest.mark.parametrize("kind", ["response", "vector_store.file"])
async def test_job_whose_process_is_killed_is_done_by_another(
    queueing: AsyncOpenAI, url: str, tmp_path: Path, add: Add
) -> None:
    """Runs and batches have tests of their own, of each step."""
    check = await add(queueing)
    replicas = [Replica(url, doing_jobs(tmp_path, url, may_answer=False))]
    try:
        assert replicas[0].reports.recv() == "asked"
        replicas[0].kill()

        replicas.append(Replica(url, doing_jobs(tmp_path, url, may_answer=True)))

        assert await wait_for_end(check) == ("completed", None)
    finally:
        for replica in replicas:
            if replica.process.is_alive():
                replica.kill()
    assert replicas[1].rest() == ["asked"]
