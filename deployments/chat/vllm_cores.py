# pyright: standard
"""Keeps vLLM's processes to the cores of its worker, on machines without a GPU.

The worker is bound to its cores by vLLM; the engine core is not, and both wait for each other in
loops that never sleep. On two cores they took both, so that Ray's threads, which carry the tokens
away, did not run before the answer was complete: half of all streams arrived at once, at their end.
"""

import os
from contextlib import suppress
from pathlib import Path

import psutil
from vllm.platforms import current_platform


def keep_to_the_workers_cores() -> None:
    """Bind every process below this one that is free to where the bound ones are."""
    if not current_platform.is_cpu():
        return
    allowed = os.sched_getaffinity(0)
    cores = {child.pid: _cores(child.pid) for child in psutil.Process().children(recursive=True)}
    bound = set[int]().union(*(own for own in cores.values() if own < allowed))
    if not bound:
        return
    for pid, own in cores.items():
        if own == allowed:
            for thread in Path(f"/proc/{pid}/task").iterdir():
                with suppress(ProcessLookupError):  # it has ended meanwhile
                    os.sched_setaffinity(int(thread.name), bound)


def _cores(pid: int) -> set[int]:
    try:
        return os.sched_getaffinity(pid)
    except ProcessLookupError:
        return set()
