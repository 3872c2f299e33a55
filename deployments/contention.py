"""Whether several owners use a model, who then wait for each other's passes."""

import time

CONTENDED_SHARE = 4
"""While several owners have requests, passes are a quarter as long: each waits for whole passes."""
CONTENDED_FOR_S = 10
"""How long an owner counts after its last request: the next one may come at any time."""


class Contention:
    """The owners of late."""

    def __init__(self) -> None:
        self._last_requests: dict[str, float] = {}

    def note(self, owner: str) -> None:
        """Count an owner who has a request now."""
        now = time.monotonic()
        recent = {
            name: last for name, last in self._last_requests.items() if last > now - CONTENDED_FOR_S
        }
        self._last_requests = {**recent, owner: now}

    def limit(self, most: int, least: int = 1) -> int:
        """Return how large a pass may be, of at most ``most`` where one owner is alone."""
        if len(self._last_requests) < 2:
            return most
        return max(least, most // CONTENDED_SHARE)
