# pyright: standard
"""Turns in vLLM's queue: owners by their turns, and background work last; preempted in reverse.

Among requests of one owner, vLLM schedules as it does by default.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from deployments.owner import OWNER
from wire.turns import TurnNumbers

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
