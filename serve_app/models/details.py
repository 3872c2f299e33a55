"""Reads Serve's details of all applications, in full only when something may have changed.

The full details block Serve's controller for a millisecond or more per application, and take as
long to decode in the ingress; the statuses alone take a hundredth. Every ingress replica polls.
"""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any

WHOLE_S = 20.0
"""Seconds after which the full details are read anyway: statuses do not show every change."""
TRANSITIONAL = {"UPDATING", "UPSCALING", "DOWNSCALING", "UNHEALTHY"}
"""Statuses during which the replicas of a deployment change and the status does not."""
PAUSE_CHANGED = 10
PAUSE_TRANSITIONAL = 50
"""Minimum pause between two reads, as a multiple of the time of the last one: large clusters always
have a status that has just changed, or a starting replica."""


class DetailsCache:
    """Caches the last details."""

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
        """Return the details: the same object as before if nothing can have changed."""
        statuses = await self._read_statuses()
        began = self._clock()
        if began - self._read_at < self._pause_s(statuses):
            return self._whole
        self._whole = await self._read_whole()
        self._statuses = statuses  # read before the details: a change in between is seen again
        self._read_at = self._clock()
        self._took_s = self._read_at - began
        return self._whole

    def _pause_s(self, statuses: list[bytes]) -> float:
        if statuses != self._statuses:
            return min(WHOLE_S, PAUSE_CHANGED * self._took_s)
        if is_transitional(self._whole):
            return min(WHOLE_S, PAUSE_TRANSITIONAL * self._took_s)
        return WHOLE_S


def is_transitional(details: dict[str, Any]) -> bool:
    """Return whether any deployment starts or stops replicas."""
    return any(
        deployment["status"] in TRANSITIONAL
        for application in details.get("applications", {}).values()
        for deployment in application.get("deployments", {}).values()
    )
