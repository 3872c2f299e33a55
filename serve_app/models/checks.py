"""Runs the checks of a request that may take long in other processes, one owner after another."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from serve_app.concurrency import TurnThread
from wire.deferred import Tasks, collect, keep
from wire.errors import BusyError, InvalidRequestError
from workers.pool import Budget, OverBudgetError, PoolBusyError, WorkerPool, launch_program

T = TypeVar("T")

BUDGET = Budget(cpu_s=2, memory_bytes=2**28, wall_s=40)
"""Of all checks of a request. The largest schema takes half a second on a slow core, and 200 tools
that are held to theirs a second."""

MAX_ROUNDS = 4
"""Times that a check shows which others are needed."""


def make_pool() -> WorkerPool:
    """Return a pool for checks."""
    return WorkerPool(launch_program("serve_app.models.check_worker:compute"), BUDGET)


class Checks:
    """The checks of requests."""

    def __init__(self, pool: WorkerPool, thread: TurnThread) -> None:
        """Begin with no checks. ``thread`` is where large requests are read."""
        self._pool = pool
        self.thread = thread

    async def run(self, read: Callable[[], T], owner: str, *, is_large: bool = False) -> T:
        """Return what ``read`` returns, which checks a request and does nothing else.

        It runs again once the results are there that it needs.

        Raises:
            InvalidRequestError: the request is invalid, or its checks take too long.
            BusyError: too many checks wait.
        """
        for _ in range(MAX_ROUNDS):
            collecting = partial(_collect, read)
            result, tasks = await self.thread.run(owner, collecting) if is_large else collecting()
            if not tasks:
                return result
            await self._compute(tasks, owner)
        return read()

    async def _compute(self, tasks: Tasks, owner: str) -> None:
        try:
            results = await self._pool.run([task.encode() for task in tasks], owner)
        except OverBudgetError as error:
            param = list(tasks.values())[error.index]
            raise InvalidRequestError(
                f"Invalid '{param}': takes too long to check. All schemas, grammars and regular "
                f"expressions of a request may take {BUDGET.cpu_s} s and "
                f"{BUDGET.memory_bytes // 2**20} MiB together.",
                param,
            ) from None
        except PoolBusyError:
            raise BusyError(
                "Too many schemas, grammars and regular expressions are being checked. Retry later."
            ) from None
        for task, result in zip(tasks, results, strict=True):
            keep(task, result)

    def close(self) -> None:
        """End the processes and the thread."""
        self._pool.close()
        self.thread.close()


def _collect(read: Callable[[], T]) -> tuple[T, Tasks]:
    with collect() as tasks:
        return read(), tasks
