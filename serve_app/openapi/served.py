"""The document as it is served: built when the first client requests it, then bytes."""

import asyncio
from collections.abc import Callable


class ServedDocument:
    """The OpenAPI document of one application."""

    def __init__(self, build: Callable[[], bytes]) -> None:
        self._build = build
        self._built: asyncio.Task[bytes] | None = None

    async def json(self) -> bytes:
        """Return the document's JSON."""
        if self._built is None:
            # In a thread: it takes a second, and streams must continue.
            self._built = asyncio.create_task(asyncio.to_thread(self._build))
        return await asyncio.shield(self._built)

    async def close(self) -> None:
        """Wait until nothing is being built any more."""
        if self._built is not None:
            await asyncio.wait({self._built})
