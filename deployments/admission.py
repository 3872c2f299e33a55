"""Limits the requests that a replica holds, running and waiting.

Serve's ``max_ongoing_requests`` is too slow for this: at its limit, the router backs off for up to
half a second, and 150 requests/s fall below 30.
"""

from collections.abc import Generator
from contextlib import contextmanager

from wire.errors import RETRY_AFTER_S, InvalidRequestError, ModelOverloadedError

LOW_PRIORITY_SHARE = 2
"""Low-priority calls get one slot for each two slots that other calls hold or leave free, whichever
is fewer; without other calls, half of all slots. At least one, so that a batch always ends."""


class Admission:
    """Counts the requests in a replica. For one event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.held_low_priority = 0

    @contextmanager
    def hold(self, model_id: str, slots: int = 1, *, low_priority: bool = False) -> Generator[None]:
        """Hold slots for the length of one request.

        Low-priority requests get fewer, so that the others find free slots.

        Raises:
            InvalidRequestError: the replica has fewer slots in total.
            ModelOverloadedError: too few slots are free.
        """
        if slots > self.limit:
            raise InvalidRequestError(
                f"{slots} answers (prompts times 'n') are more than the {self.limit} that a "
                f"replica of model '{model_id}' works on.",
                "n",
            )
        if self.held + slots > self.limit or (
            low_priority and not self._has_low_priority_room(slots)
        ):
            raise ModelOverloadedError(
                f"Model '{model_id}' has {self.held} requests running and waiting of "
                f"{self.limit}. Retry after {RETRY_AFTER_S} s."
            )
        low_priority_slots = slots if low_priority else 0
        self.held += slots
        self.held_low_priority += low_priority_slots
        try:
            yield
        finally:
            self.held -= slots
            self.held_low_priority -= low_priority_slots

    def _has_low_priority_room(self, slots: int) -> bool:
        others = self.held - self.held_low_priority
        room = min(others or self.limit, self.limit - others) // LOW_PRIORITY_SHARE
        return not self.held_low_priority or self.held_low_priority + slots <= room
