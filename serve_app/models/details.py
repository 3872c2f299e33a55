"""Serve's details of all applications, read whole only when something may have changed.

Whole they cost Serve's controller, which does nothing else meanwhile, a millisecond and more for
each application, and the ingress as much to read; the statuses alone a hundredth of that. Every
ingress replica asks all the time.
"""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

WHOLE_S = 20.0
"""After this long they are read whole whatever the statuses say, which do not tell everything."""
ON_THEIR_WAY = {"UPDATING", "UPSCALING", "DOWNSCALING", "UNHEALTHY"}
"""Statuses of deployments during which replicas come and go without a change of the status."""
PAUSE_CHANGED = 10
PAUSE_ON_THE_WAY = 50
"""How many times as long as reading took nobody reads again: in large clusters there is always a
status that has just changed, or a replica that starts. Small ones do not notice."""


class Details:
    """The last details, and how long they hold."""

    def __init__(
        self,
        read_statuses: Callable[[], Awaitable[list[bytes]]],
        read_whole: Callable[[], Awaitable[dict[str, Any]]],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._read_statuses = read_statuses
        self._read_whole = read_whole
        self._clock = clock
        self._statuses: list[bytes] | None = None
        self._whole: dict[str, Any] = {}
        self._read_at = float("-inf")
        self._took_s = 0.0

    async def read(self) -> dict[str, Any]:
        """Return the details: the same object as before where nothing can have changed."""
        statuses = await self._read_statuses()
        began = self._clock()
        if began - self._read_at < self._pause_s(statuses):
            return self._whole
        self._whole = await self._read_whole()
        self._statuses = statuses  # older than the details: what changed between is seen again
        self._read_at = self._clock()
        self._took_s = self._read_at - began
        return self._whole

    def _pause_s(self, statuses: list[bytes]) -> float:
        if statuses != self._statuses:
            return min(WHOLE_S, PAUSE_CHANGED * self._took_s)
        if is_on_the_way(self._whole):
            return min(WHOLE_S, PAUSE_ON_THE_WAY * self._took_s)
        return WHOLE_S


def is_on_the_way(details: dict[str, Any]) -> bool:
    """Whether any deployment gets or loses replicas."""
    return any(
        deployment["status"] in ON_THEIR_WAY
        for application in details.get("applications", {}).values()
        for deployment in application.get("deployments", {}).values()
    )
