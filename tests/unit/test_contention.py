"""While several owners have requests, none waits for the long passes of another."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any, cast

import pytest

from deployments.contention import CONTENDED_FOR_S, Contention
from deployments.images.image_queue import ImageQueue
from deployments.images.job import Job
from deployments.owner import OWNER
from tests.support.waiting import run_other_tasks


class Picture:
    """A job that is like every other."""

    drawing = "a circle"
    alone = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.cancelled = threading.Event()


def test_pass_is_short_until_an_owner_has_been_away(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("deployments.contention.time.monotonic", lambda: now)
    contention = Contention()
    contention.note("a")
    assert contention.limit(64) == 64
    contention.note("b")
    assert (contention.limit(64), contention.limit(2), contention.limit(64, 20)) == (16, 1, 20)

    now += CONTENDED_FOR_S
    contention.note("a")

    assert contention.limit(64) == 64


async def test_image_of_an_owner_shares_no_pass_with_a_flood_of_another() -> None:
    passes: list[list[str]] = []
    may_draw = threading.Event()

    def draw(jobs: Sequence[Job]) -> list[Any]:
        passes.append([cast("Picture", job).name for job in jobs])
        assert may_draw.wait(timeout=60)
        return ["image"] * len(jobs)

    queue = ImageQueue(draw, max_batch_size=4)
    tasks: list[asyncio.Task[Any]] = []
    for name in ("a0", "a1", "a2", "a3", "a4", "a5", "b0"):
        OWNER.set(name[0])
        tasks.append(asyncio.create_task(queue.draw(cast("Job", Picture(name)))))
        await run_other_tasks()
    may_draw.set()
    await asyncio.gather(*tasks)

    assert passes[:3] == [["a0"], ["b0"], ["a1"]]
