"""Bounded admission: a replica holds so many requests, running and waiting, and refuses the next.

Done here and not by Serve's ``max_ongoing_requests``, whose router backs off for up to half a
second when that limit binds (measured: 150 requests/s fall below 30).
"""

from collections.abc import Generator
from contextlib import contextmanager

from wire.errors import RETRY_AFTER_S, InvalidRequestError, ModelOverloadedError

SHARE_BEHIND = 2
"""Calls that nobody waits for get one slot for so many that others hold, or leave free; alone, of
all. One at least, or a batch would never end."""


class Admission:
    """Counts the requests in a replica. Belongs to one event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.held_behind = 0

    @contextmanager
    def hold(self, model_id: str, slots: int = 1, *, low_priority: bool = False) -> Generator[None]:
        """Hold slots for the length of one request.

        One that goes behind the others gets fewer, so that these stay quick and find room.

        Raises:
            InvalidRequestError: there are not as many slots, even when all are free.
            ModelOverloadedError: too few are free.
        """
        if slots > self.limit:
            raise InvalidRequestError(
                f"{slots} answers (prompts times 'n') are more than the {self.limit} that a "
                f"replica of model '{model_id}' works on.",
                "n",
            )
        if self.held + slots > self.limit or (low_priority and not self._has_room_behind(slots)):
            raise ModelOverloadedError(
                f"Model '{model_id}' has {self.held} requests running and waiting of "
                f"{self.limit}. Retry after {RETRY_AFTER_S} s."
            )
        behind = slots if low_priority else 0
        self.held += slots
        self.held_behind += behind
        try:
            yield
        finally:
            self.held -= slots
            self.held_behind -= behind

    def _has_room_behind(self, slots: int) -> bool:
        waited_for = self.held - self.held_behind
        room = min(waited_for or self.limit, self.limit - waited_for) // SHARE_BEHIND
        return not self.held_behind or self.held_behind + slots <= room
