# pyright: standard
"""Turns in vLLM's queue: owners by their turns, and background work last; preempted in reverse.

Among requests of one owner, vLLM schedules as it does by default.
"""

import asyncio
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from deployments.owner import OWNER
from wire.turns import SPARE_SHARE, TurnNumbers, TurnPlaces

BY_PRIORITY: dict[str, Any] = {"scheduling_policy": "priority"}
"""Options of the engine, unless the operator sets others."""

LOW_PRIORITY = 2**62
"""Added to the turns of background work. vLLM takes the lowest number first, of 64 bits."""

IS_BACKGROUND = ContextVar("IS_BACKGROUND", default=False)
"""Whether the call that the current task answers has low priority."""


class Priorities:
    """The priorities of the requests that an engine works on."""

    def __init__(self) -> None:
        self._turns = TurnNumbers()
        self._background = TurnNumbers()

    @contextmanager
    def take(self) -> Generator["Priority"]:
        """Hold the priority of one request of the current task's call."""
        is_background = IS_BACKGROUND.get()
        turns = self._background if is_background else self._turns
        with turns.take(OWNER.get()) as turn:
            yield Priority(turns, turn, LOW_PRIORITY if is_background else 0)


class Priority:
    """The priority of one request."""

    def __init__(self, turns: TurnNumbers, turn: int, offset: int) -> None:
        self._turns = turns
        self._turn = turn
        self.value = turn + offset

    def begin(self) -> None:
        """Note that the engine works on the request."""
        self._turns.begin(self._turn)


def with_spare_places(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return how many sequences vLLM runs at a time: an eighth more than the operator's number.

    vLLM interrupts none, so an owner who comes while another has all places waits for a whole
    answer. ``Places`` keeps the others for owners who have none.
    """
    places, tokens = options.get("max_num_seqs"), options.get("max_num_batched_tokens")
    if not isinstance(places, int):
        return {}
    with_spare = places + places // SPARE_SHARE
    # vLLM demands a token of each step for every sequence.
    return {"max_num_seqs": min(with_spare, max(places, tokens or with_spare))}


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    is_background: bool
    begun: asyncio.Future[None]


class Places:
    """Places of sequences in an engine, for one event loop: the queue before vLLM's own."""

    def __init__(self, num_sequences: int) -> None:
        """Share the sequences that vLLM runs at a time, those of ``with_spare_places`` included."""
        num_spare = num_sequences // (SPARE_SHARE + 1)
        self._places = TurnPlaces[_Waiting](num_sequences - num_spare, num_spare)

    def num_waiting(self) -> int:
        """Return how many requests wait for a place."""
        return len(self._places)

    @asynccontextmanager
    async def hold(self, num_sequences: int) -> AsyncGenerator[None]:
        """Wait for the turn of the current task's call, and hold its places."""
        is_background = IS_BACKGROUND.get()
        # So that an owner's background work leaves the spare places to its other calls.
        owner = f"{OWNER.get()} in the background" if is_background else OWNER.get()
        begun = asyncio.get_running_loop().create_future()
        waiting = _Waiting(is_background, begun)
        self._places.add(owner, waiting, num_sequences)
        self._begin()
        try:
            await begun
            yield
        finally:
            if begun.done() and not begun.cancelled():
                self._places.end(owner, num_sequences)
            else:
                self._places.discard(owner, waiting)
            self._begin()

    def _begin(self) -> None:
        while (following := self._next()) is not None:
            following.begun.set_result(None)

    def _next(self) -> _Waiting | None:
        def may_run(waiting: _Waiting) -> bool:
            return not waiting.begun.done()

        return self._places.begin(
            lambda waiting: may_run(waiting) and not waiting.is_background
        ) or self._places.begin(may_run)
