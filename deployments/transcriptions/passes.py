"""Puts what several threads request at the same time into one pass.

While as many passes run as may, requests gather; the next pass takes those of one group, in the
turns of their owners. No timer is involved, so a single request is as fast as without. Unlike texts
(``sentence_transformers/batching.py``) and images (``images/image_queue.py``), the callers are
threads within the library, with one item each, and one of them runs the pass.
"""

import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from deployments.owner import OWNER
from wire.turns import TurnQueue

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


@dataclass(slots=True, eq=False)
class _Entry(Generic[ItemT, ResultT]):
    item: ItemT
    group: Hashable
    owner: str = field(default_factory=OWNER.get)
    result: "Future[ResultT]" = field(default_factory=Future)


class SharedPasses(Generic[ItemT, ResultT]):
    """Blocking work on up to ``max_size`` items at once, for callers that have one each."""

    def __init__(
        self,
        work: Callable[[Sequence[ItemT]], Sequence[ResultT]],
        *,
        num_passes: int,
        max_size: int,
    ) -> None:
        """``work`` is a pass: it returns a result for each item."""
        self._work = work
        self._num_passes = num_passes
        self._max_size = max_size
        self._running = 0
        self._waiting = TurnQueue[_Entry[ItemT, ResultT]]()
        self._changed = threading.Condition()

    def run(self, item: ItemT, group: Hashable = None) -> ResultT:
        """Return the result of the item, computed alone or with others of its group."""
        mine = _Entry[ItemT, ResultT](item, group)
        taken = self._take(mine)
        if taken:
            try:
                self._run(taken)
            finally:
                with self._changed:
                    self._running -= 1
                    self._changed.notify_all()
        return mine.result.result()

    def num_waiting(self) -> int:
        """Return how many items wait for a pass."""
        return len(self._waiting)

    def _take(self, mine: _Entry[ItemT, ResultT]) -> list[_Entry[ItemT, ResultT]]:
        """Wait for a pass and fill it; return no entries where another pass took ``mine``."""
        with self._changed:
            self._waiting.add(mine.owner, mine)
            while mine in self._waiting and not (
                self._running < self._num_passes and self._waiting.peek() is mine
            ):
                self._changed.wait()
            if mine not in self._waiting:
                return []
            taken = list[_Entry[ItemT, ResultT]]()
            while len(taken) < self._max_size and (
                entry := self._waiting.pop(lambda entry: entry.group == mine.group)
            ):
                taken.append(entry)
            self._running += 1
            self._changed.notify_all()
            return taken

    def _run(self, taken: Sequence[_Entry[ItemT, ResultT]]) -> None:
        try:
            results = self._work([one.item for one in taken])
            answered = list(zip(taken, results, strict=True))
        except Exception as error:  # noqa: BLE001  each request raises it as its own
            for one in taken:
                one.result.set_exception(error)
            return
        for one, result in answered:
            one.result.set_result(result)
