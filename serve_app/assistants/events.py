"""Publishes the events of a run to the clients that are connected to the process of the run."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from typing import Any

from serve_app.assistants.versions import Show
from wire.errors import ReplicaLostError
from wire.sse import write_event

FINAL_EVENTS = frozenset(
    f"thread.run.{status}"
    for status in ("completed", "incomplete", "failed", "cancelled", "expired", "requires_action")
)
"""Events after which a stream ends."""
DONE = b"event: done\ndata: [DONE]\n\n"

Queue = asyncio.Queue[tuple[str, dict[str, Any]] | None]


class RunEvents:
    """The followers of the runs that this process works on."""

    def __init__(self) -> None:
        self._followers: dict[str, list[Queue]] = {}

    def publish(self, run_id: str, name: str, data: dict[str, Any]) -> None:
        """Send an event to the followers of a run."""
        for queue in self._followers.get(run_id, ()):
            queue.put_nowait((name, data))

    def has_followers(self, run_id: str) -> bool:
        """Return whether a client receives the run's events."""
        return run_id in self._followers

    def end(self, run_id: str) -> None:
        """End the followers' streams. Another process may continue the run."""
        for queue in self._followers.get(run_id, ()):
            queue.put_nowait(None)

    @contextmanager
    def follow(self, run_id: str) -> Generator[Queue]:
        """Return a queue that receives the run's events until the context ends."""
        queue: Queue = asyncio.Queue()
        self._followers.setdefault(run_id, []).append(queue)
        try:
            yield queue
        finally:
            followers = self._followers[run_id]
            followers.remove(queue)
            if not followers:
                del self._followers[run_id]


async def read_events(queue: Queue, show: Show) -> AsyncGenerator[bytes]:
    """Yield events until the run ends or waits for tool outputs.

    Raises:
        ReplicaLostError: another process continues the run.
    """
    while True:
        event = await queue.get()
        if event is None:
            raise ReplicaLostError("Another server goes on with this run. Ask for its status.")
        name, data = event
        yield write_event(show(data), name)
        if name in FINAL_EVENTS:
            yield DONE
            return
