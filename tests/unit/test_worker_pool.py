"""Work in other processes ends with its client or its budget, and owners take turns."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import until
from workers.pool import (
    Budget,
    OverBudgetError,
    PoolBusyError,
    WorkerPool,
    WorkFailedError,
    launch_program,
)

FUNCTION = "tests.support.pool_functions:run"
LAUNCH = launch_program(FUNCTION)
BUDGET = Budget(cpu_s=0.5, memory_bytes=2**26, wall_s=60)


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(LAUNCH, BUDGET, num_workers=2, max_waiting=3)
    yield pool
    pool.close()


def templates() -> list[psutil.Process]:
    """Return the templates of these tests; others leave some, too."""
    return [each for each in psutil.Process().children() if FUNCTION in each.cmdline()]


def children() -> list[psutil.Process]:
    """Return the workers of the templates."""
    return [child for template in templates() for child in template.children()]


async def test_tasks_are_answered_in_their_order(pool: WorkerPool) -> None:
    assert await pool.run([b"echo a", b"echo b", b"echo " + b"c" * 10**6]) == [
        b"a",
        b"b",
        b"c" * 10**6,
    ]


@pytest.mark.parametrize("task", [b"compute", b"fill 1000000000"])
async def test_task_over_the_budget_of_time_or_memory_is_named(
    pool: WorkerPool, task: bytes
) -> None:
    with pytest.raises(OverBudgetError) as raised:
        await pool.run([b"echo a", task])

    assert raised.value.index == 1
    assert await pool.run([b"echo b"]) == [b"b"]


async def test_unexpected_error_is_of_its_task_only(pool: WorkerPool) -> None:
    with pytest.raises(WorkFailedError, match="LookupError: this"):
        await pool.run([b"fail this"])

    assert await pool.run([b"echo b"]) == [b"b"]


async def test_client_that_leaves_ends_its_work(pool: WorkerPool, tmp_path: Path) -> None:
    work = asyncio.create_task(pool.run([f"hold {tmp_path / 'x'}".encode()]))
    await until((tmp_path / "x.begun").exists)
    (child,) = children()

    work.cancel()
    await asyncio.gather(work, return_exceptions=True)

    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert not (tmp_path / "x").exists()


async def test_flood_of_one_owner_leaves_anothers_work_next(
    pool: WorkerPool, tmp_path: Path
) -> None:
    held = [
        asyncio.create_task(pool.run([f"hold {tmp_path / str(index)}".encode()], "flood"))
        for index in range(4)
    ]
    await until((tmp_path / "0.begun").exists)

    assert await pool.run([b"echo a"], "other") == [b"a"]

    assert not (tmp_path / "1.begun").exists()  # an owner has half of the workers
    with pytest.raises(PoolBusyError):
        await pool.run([b"echo a"], "flood")
    for index in range(4):
        (tmp_path / str(index)).touch()
    assert await asyncio.gather(*held) == [[b"held"]] * 4


async def test_owners_take_turns_where_all_workers_are_busy(tmp_path: Path) -> None:
    pool = WorkerPool(LAUNCH, BUDGET, num_workers=1)
    ended: list[str] = []

    async def run(owner: str) -> None:
        await pool.run([b"echo a"], owner)
        ended.append(owner)

    gate = asyncio.create_task(pool.run([f"hold {tmp_path / 'x'}".encode()], "flood"))
    await until((tmp_path / "x.begun").exists)
    waiting = [asyncio.create_task(run("flood")) for _ in range(20)]
    await until(lambda: pool.num_waiting == 20)
    waiting.append(asyncio.create_task(run("other")))
    await until(lambda: pool.num_waiting == 21)
    (tmp_path / "x").touch()
    await asyncio.gather(gate, *waiting)
    pool.close()

    assert ended.index("other") <= 1


async def test_work_without_time_is_given_up_as_busy(tmp_path: Path) -> None:
    pool = WorkerPool(LAUNCH, Budget(cpu_s=9, memory_bytes=2**26, wall_s=0.1))
    pool.start()

    with pytest.raises(PoolBusyError):
        await pool.run([f"hold {tmp_path / 'x'}".encode()])

    pool.close()


async def test_template_that_was_killed_is_started_again(pool: WorkerPool, tmp_path: Path) -> None:
    work = asyncio.create_task(pool.run([f"hold {tmp_path / 'x'}".encode()]))
    await until((tmp_path / "x.begun").exists)
    (template,) = templates()

    os.kill(template.pid, signal.SIGKILL)

    with pytest.raises(PoolBusyError):
        await work
    assert await pool.run([b"echo b"]) == [b"b"]


async def test_processes_end_with_the_pool(pool: WorkerPool, tmp_path: Path) -> None:
    work = asyncio.create_task(pool.run([f"hold {tmp_path / 'x'}".encode()]))
    await until((tmp_path / "x.begun").exists)
    (child,) = children()

    pool.close()

    with pytest.raises(PoolBusyError):
        await work
    assert templates() == []
    await until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
