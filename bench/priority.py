"""Scheduling: a real-time priority for the load generator, and an engine's processes on one core.

vLLM's processes wait for each other by yielding in a loop. On two cores and Linux 6.18 that kept
every other process from running for seconds at a time, so a client would measure its own waiting.
With a real-time priority it woke within 9 ms. Each table includes the little CPU time that it uses.
"""

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def raise_priority() -> Generator[bool]:
    """Give this process a real-time priority, its children none; yield whether that is allowed."""
    policy = os.SCHED_RR | os.SCHED_RESET_ON_FORK
    try:
        os.sched_setscheduler(0, policy, os.sched_param(1))
    except PermissionError:
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def bind_engine(processes: Iterable[int]) -> None:
    """Bind an engine's unbound processes to the cores of its bound ones.

    Without a GPU, vLLM binds its worker but not its engine core. Homeport binds both, and the other
    servers should have the same advantage.
    """
    cores = {pid: os.sched_getaffinity(pid) for pid in processes}
    free = os.sched_getaffinity(0)
    bound = set[int]().union(*(own for own in cores.values() if own < free))
    for pid, own in cores.items():
        if bound and own == free:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                with suppress(ProcessLookupError):  # it has ended in the meantime
                    os.sched_setaffinity(int(thread.name), bound)
