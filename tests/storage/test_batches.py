"""Each line of a batch has one result, whoever is killed while he works on it."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from serve_app.batches.batches import KIND
from serve_app.storage.batch_results import BatchResults, LineResult
from serve_app.storage.database import Database
from serve_app.storage.jobs import ClaimLostError, JobStore
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from tests.storage.batches import (
    AT_ONCE,
    STOP,
    Answerer,
    add_batch,
    batches_in,
    do_batches,
    read_lines,
)
from tests.storage.processes import Replica
from tests.storage.stored import OWNER
from tests.support.waiting import read_until


async def now(database: Database, batch: StoredObject) -> StoredObject:
    return await ObjectStore(database).get(OWNER, KIND, batch.id)


async def until(
    database: Database, batch: StoredObject, *, answered: int = 0, status: str | None = None
) -> StoredObject:
    """Return the batch once so many lines have been answered, or once it has this status."""
    return await read_until(
        lambda: now(database, batch),
        lambda kept: (
            status in (None, kept.status) and kept.body["request_counts"]["completed"] >= answered
        ),
    )


@pytest.fixture
def replicas(url: str, database: Database, tmp_path: Path) -> Iterator[list[Replica]]:
    """Two processes that work on batches, as ingress replicas do."""
    replicas = [Replica(url, partial(do_batches, tmp_path)) for _ in range(2)]
    yield replicas
    for replica in replicas:
        if replica.process.is_alive():
            replica.kill()


async def test_batch_goes_on_when_its_process_is_killed_and_no_line_has_two_results(
    replicas: list[Replica], database: Database, tmp_path: Path
) -> None:
    texts = [f"text {number}" for number in range(100)]
    batch = await add_batch(database, tmp_path, texts)
    await until(database, batch, answered=20)
    first, second = sorted(replicas, key=lambda each: not each.reports.poll())
    first.kill()

    kept = await until(database, batch, status="completed")

    second.kill()
    assert kept.body["request_counts"] == {"total": 100, "completed": 100, "failed": 0}
    assert kept.body["usage"]["input_tokens"] == 100
    lines = await read_lines(database, tmp_path, kept.body["output_file_id"])
    assert [line["custom_id"] for line in lines] == [f"{number}" for number in range(100)]
    assert [line["response"]["body"]["data"] for line in lines] == texts
    # Those that were on their way when the process ended, and no others, are asked again.
    asked = Counter([*first.rest(), *second.rest()])
    assert set(asked) == set(texts)
    assert sum(asked.values()) <= len(texts) + AT_ONCE
    assert await BatchResults(database).lines(batch.id) == set()


async def test_line_is_asked_in_the_name_of_the_owner(database: Database, tmp_path: Path) -> None:
    batch = await add_batch(database, tmp_path, ["a"])
    jobs = JobStore(database, "one")
    assert await jobs.claim([KIND], 60)

    await batches_in(database, tmp_path, jobs, Answerer()).work(batch)

    kept = await now(database, batch)
    (line,) = await read_lines(database, tmp_path, kept.body["output_file_id"])
    assert line["response"]["body"]["owner"] == OWNER
    assert kept.body["error_file_id"] is None


async def test_holder_that_lost_its_claim_adds_no_result(
    database: Database, other: Database, tmp_path: Path
) -> None:
    batch = await add_batch(database, tmp_path, ["a", STOP, *"bcdefgh"])
    slow, jobs = JobStore(database, "slow"), JobStore(other, "next")
    assert await slow.claim([KIND], 0)
    answerer = Answerer()
    working = asyncio.create_task(batches_in(database, tmp_path, slow, answerer).work(batch))
    await until(database, batch, answered=8)
    assert await jobs.claim([KIND], 60)

    answerer.goes_on.set()

    with pytest.raises(ClaimLostError):
        await working
    assert (await now(other, batch)).body["request_counts"]["completed"] == 8
    assert await BatchResults(other).lines(batch.id) == {1, *range(3, 10)}


async def test_expired_batch_keeps_what_was_answered(database: Database, tmp_path: Path) -> None:
    batch = await add_batch(database, tmp_path, ["a", "b", *[STOP] * 6])
    jobs = JobStore(database, "one")
    assert await jobs.claim([KIND], 60)
    working = asyncio.create_task(batches_in(database, tmp_path, jobs, Answerer()).work(batch))
    await until(database, batch, answered=2)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)

    def over(stored: StoredObject) -> StoredObject:
        return replace(stored, body={**stored.body, "expires_at": 1})

    await jobs.write(batch.id, over)
    answerer = Answerer()
    await batches_in(database, tmp_path, jobs, answerer).work(batch)

    kept = await now(database, batch)
    assert kept.status == kept.body["status"] == "expired"
    assert kept.body["request_counts"] == {"total": 8, "completed": 2, "failed": 6}
    output = await read_lines(database, tmp_path, kept.body["output_file_id"])
    errors = await read_lines(database, tmp_path, kept.body["error_file_id"])
    assert [line["custom_id"] for line in output] == ["0", "1"]
    assert [line["custom_id"] for line in errors] == [f"{number}" for number in range(2, 8)]
    assert {line["error"]["code"] for line in errors} == {"batch_expired"}
    assert answerer.asked == []


async def test_results_are_read_in_the_order_of_the_lines(database: Database) -> None:
    batch = StoredObject("batch_1", KIND, OWNER, {})
    await ObjectStore(database).add(batch)
    results = BatchResults(database)
    total = 2500
    backwards = [
        LineResult(line, line % 2 == 1, f"{line}\0".encode()) for line in range(total, 0, -1)
    ]
    await results.add(batch.id, backwards[:700])
    await results.add(batch.id, backwards[700:])

    odd = [body async for body in results.bodies(batch.id, ok=True)]
    even = [body async for body in results.bodies(batch.id, ok=False)]

    assert odd == [f"{line}\0".encode() for line in range(1, total + 1, 2)]
    assert even == [f"{line}\0".encode() for line in range(2, total + 1, 2)]
    await results.delete(batch.id)
    assert await results.lines(batch.id) == set()


async def test_batch_that_is_given_back_again_and_again_has_not_been_begun_in_vain(
    database: Database, tmp_path: Path
) -> None:
    await add_batch(database, tmp_path, ["a"])
    jobs = JobStore(database, "one")

    for _ in range(5):
        claimed = await jobs.claim([KIND], 60)
        assert claimed
        assert claimed[1] == 1
        await jobs.release(claimed[0].id)
