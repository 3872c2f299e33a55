"""Runs the items of concurrent requests together, in passes of similar lengths.

While one pass runs in the worker thread, arriving requests wait; the next pass takes what is there.
No timer is involved. An owner of whom nothing is in that pass does not wait for its end: a second
lane runs passes beside it. Unlike images (``images/image_queue.py``) and audio
(``transcriptions/passes.py``), items are many and short: a request is cut into shares by length,
and a pass is bounded by its tokens, padding included.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from deployments.contention import Contention
from deployments.owner import OWNER
from deployments.threads import WorkerThreads
from wire.errors import RETRY_AFTER_S, ModelOverloadedError
from wire.turns import Shares, TurnQueue

MAX_PADDING = 0.25
"""Share of a pass that may be padding; more costs more than a pass of its own."""
SMALL_PASS_TOKENS = 64
"""A pass costs about as much as these, however small it is: up to them padding is free."""


class Item(Protocol):
    """One input of a pass."""

    @property
    def num_tokens(self) -> int:
        """Its length."""
        ...


ItemT = TypeVar("ItemT", bound=Item)


@dataclass(slots=True)
class _Share(Generic[ItemT]):
    """The items that one request has in a pass, and their indexes in the request."""

    request: "_Request[ItemT]"
    indexes: list[int] = field(default_factory=list[int])
    items: list[ItemT] = field(default_factory=list[ItemT])
    longest: int = 0
    num_tokens: int = 0


class _Request(Generic[ItemT]):
    """The waiting shares of a request, and its results so far."""

    def __init__(self, num_items: int, group: Hashable) -> None:
        self.owner = OWNER.get()
        self.group = group
        self.shares: deque[_Share[ItemT]] = deque()
        self.results: list[Any] = [None] * num_items
        self.missing = num_items
        self.done: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

    def num_tokens(self) -> int:
        return sum(share.num_tokens for share in self.shares)

    def accept(self, share: _Share[ItemT], results: Sequence[Any]) -> None:
        for index, result in zip(share.indexes, results, strict=True):
            self.results[index] = result
        self.missing -= len(share.indexes)
        if not self.missing and not self.done.done():
            self.done.set_result(self.results)

    def fail(self, error: Exception) -> None:
        self.shares.clear()
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(slots=True)
class _Lane:
    """Passes one after the other in a thread, while requests wait."""

    threads: WorkerThreads = field(default_factory=WorkerThreads)
    task: asyncio.Task[None] | None = None
    owners: frozenset[str] = frozenset()
    """Whose items are in the pass that runs."""


class TokenBatcher(Generic[ItemT]):
    """Runs passes, bounded in tokens, over the items of all requests of one event loop."""

    def __init__(
        self,
        work: Callable[[Sequence[ItemT]], Any],
        *,
        max_batch_tokens: int,
        max_queued_tokens: int,
    ) -> None:
        """``work`` is a pass: it returns a result for each item, in a list or an array."""
        self._work = work
        self._max_batch_tokens = max_batch_tokens
        self._max_queued_tokens = max_queued_tokens
        self._waiting = TurnQueue[_Request[ItemT]]()
        self._lanes = (_Lane(), _Lane())
        self._contention = Contention()

    async def run(self, items: Sequence[ItemT], group: Hashable = None) -> list[Any]:
        """Return the results in the order of the items; when cancelled, waiting items never run.

        A pass has items of one ``group`` only.

        Raises:
            ModelOverloadedError: too many tokens are waiting.
        """
        request = _Request[ItemT](len(items), group)
        self._contention.note(request.owner)
        request.shares.extend(self._cut(request, items))
        self._check_room(request)
        self._waiting.add(request.owner, request)
        self._start_passes(request.owner)
        try:
            return await request.done
        finally:
            request.shares.clear()

    def num_unfinished(self) -> int:
        """Return how many requests wait or run."""
        return len(self._waiting) + sum(lane.threads.num_unfinished() for lane in self._lanes)

    def close(self) -> None:
        """Drop the requests that wait."""
        self._waiting.clear()
        for lane in self._lanes:
            lane.threads.close()

    def _max_pass_tokens(self) -> int:
        return self._contention.limit(self._max_batch_tokens, SMALL_PASS_TOKENS)

    def _check_room(self, request: _Request[ItemT]) -> None:
        # A request counts for half of the limit at most: alone it always fits, and leaves room.
        half = self._max_queued_tokens // 2
        queued = Shares(self._max_queued_tokens, spare=half)
        for other in self._waiting:
            queued.add(other.owner, min(other.num_tokens(), half))
        if not queued.has_room(request.owner, min(request.num_tokens(), half)):
            raise ModelOverloadedError(
                f"Too many tokens wait for the model. Retry after {RETRY_AFTER_S} s."
            )

    def _cut(self, request: _Request[ItemT], items: Sequence[ItemT]) -> list[_Share[ItemT]]:
        """Return the shares of a request, longest items first."""
        shares: list[_Share[ItemT]] = []
        for index in sorted(range(len(items)), key=lambda i: -items[i].num_tokens):
            item = items[index]
            if not (shares and self._fits(shares[-1:], item.num_tokens, item.num_tokens, 1)):
                shares.append(_Share(request, longest=item.num_tokens))
            shares[-1].indexes.append(index)
            shares[-1].items.append(item)
            shares[-1].num_tokens += item.num_tokens
        return shares

    def _fits(
        self, shares: Sequence[_Share[ItemT]], longest: int, num_tokens: int, num_items: int
    ) -> bool:
        """Return whether ``num_items`` more still make a good pass with ``shares``."""
        longest = max(longest, *(share.longest for share in shares))
        padded = longest * (num_items + sum(len(share.items) for share in shares))
        useful = num_tokens + sum(share.num_tokens for share in shares)
        if padded > self._max_pass_tokens():
            return False
        return padded - useful <= max(SMALL_PASS_TOKENS, MAX_PADDING * padded)

    def _next_pass(self, lane: _Lane) -> list[_Share[ItemT]]:
        shares = self._take(lane)
        for owner in {request.owner for request in self._waiting}:
            self._waiting.discard(owner, lambda request: not request.shares)
        return shares

    def _take(self, lane: _Lane) -> list[_Share[ItemT]]:
        """Take a share of the request whose turn it is, and others of similar length.

        Nothing is taken of owners who have items in the pass of the other lane.
        """
        beside = frozenset[str]().union(*(each.owners for each in self._lanes if each is not lane))
        first = self._waiting.pop(lambda r: bool(r.shares) and r.owner not in beside, cost=0)
        if first is None:
            return []
        shares = [first.shares.popleft()]
        alike = [
            r
            for r in self._waiting
            if r.shares and r.group == first.group and r.owner not in beside
        ]
        for request in sorted(alike, key=lambda r: abs(r.shares[0].longest - shares[0].longest)):
            share = request.shares[0]
            if self._fits(shares, share.longest, share.num_tokens, len(share.items)):
                shares.append(request.shares.popleft())
        for share in shares:
            self._waiting.pay(share.request.owner, share.num_tokens)
        if first.shares:
            self._waiting.add(first.owner, first)
        return shares

    def _start_passes(self, owner: str) -> None:
        """Let a lane run that may take a request of an owner, unless one will."""
        for lane in self._lanes:
            if lane.task is None:
                lane.task = asyncio.create_task(self._run_passes(lane))
                return
            if owner in lane.owners:
                return

    async def _run_passes(self, lane: _Lane) -> None:
        while shares := self._next_pass(lane):
            lane.owners = frozenset(share.request.owner for share in shares)
            items = [item for share in shares for item in share.items]
            try:
                results = await lane.threads.run(lambda _, items=items: self._work(items))
                for share in shares:
                    share.request.accept(share, results[: len(share.items)])
                    results = results[len(share.items) :]
            except Exception as error:  # noqa: BLE001  each request raises it as its own
                for share in shares:
                    share.request.fail(error)
            lane.owners = frozenset()
        lane.task = None
