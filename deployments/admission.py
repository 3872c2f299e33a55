"""Bounded admission: a replica holds so many requests, running and waiting, and refuses the next.

Done here and not by Serve's ``max_ongoing_requests``, whose router backs off for up to half a
second when that limit binds (measured: 150 requests/s fall below 30).
"""

from collections.abc import Generator
from contextlib import contextmanager

from serve_app.errors import ModelOverloadedError

RETRY_AFTER_S = 1
"""What a refused client is told. A place is free as soon as any request ends."""


class Admission:
    """Counts the requests in a replica. Belongs to one event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0

    @contextmanager
    def hold(self, model_id: str) -> Generator[None]:
        """Hold a place for the length of one request.

        Raises:
            ModelOverloadedError: every place is taken.
        """
        if self.held >= self.limit:
            raise ModelOverloadedError(
                f"Model '{model_id}' already has {self.held} requests running and waiting, "
                f"its limit. Retry after {RETRY_AFTER_S} s.",
                None,
                RETRY_AFTER_S,
            )
        self.held += 1
        try:
            yield
        finally:
            self.held -= 1
