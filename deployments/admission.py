"""Limits the requests that a replica holds, running and waiting.

Serve's ``max_ongoing_requests`` is too slow for this: at its limit, the router backs off for up to
half a second, and 150 requests/s fall below 30.
"""

from collections.abc import Generator
from contextlib import contextmanager

from wire.errors import RETRY_AFTER_S, InvalidRequestError, ModelOverloadedError
from wire.turns import Shares, count_spare

LOW_PRIORITY_SHARE = 2
"""Low-priority calls get one slot for each two slots that other calls hold or leave free, whichever
is fewer; without other calls, half of all slots. At least one, so that a batch always ends."""


class Admission:
    """Counts the requests in a replica. For one event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self.held_low_priority = 0
        self._shares = Shares(limit, count_spare(limit))

    @contextmanager
    def hold(
        self, model_id: str, slots: int = 1, owner: str = "", *, low_priority: bool = False
    ) -> Generator[None]:
        """Hold slots for the length of one request.

        Low-priority requests get fewer, so that the others find free slots. An owner who holds
        less than its share finds room also where others hold all slots.

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
        if not self._shares.has_room(owner, slots) or (
            low_priority and not self._has_low_priority_room(slots)
        ):
            raise self._refuse(model_id, owner)
        low_priority_slots = slots if low_priority else 0
        self._shares.add(owner, slots)
        self.held += slots
        self.held_low_priority += low_priority_slots
        try:
            yield
        finally:
            self._shares.remove(owner, slots)
            self.held -= slots
            self.held_low_priority -= low_priority_slots

    def _refuse(self, model_id: str, owner: str) -> ModelOverloadedError:
        """Return the error of a request without room. Of other keys' requests it has no number."""
        held = f"{self.held} requests running and waiting of {self.limit}"
        if owner:
            held = (
                f"no room: {self._shares.count_of(owner)} requests of this key run and wait, and "
                f"those of all keys may be {self.limit}"
            )
        return ModelOverloadedError(
            f"Model '{model_id}' has {held}. Retry after {RETRY_AFTER_S} s."
        )

    def _has_low_priority_room(self, slots: int) -> bool:
        others = self.held - self.held_low_priority
        room = min(others or self.limit, self.limit - others) // LOW_PRIORITY_SHARE
        return not self.held_low_priority or self.held_low_priority + slots <= room
