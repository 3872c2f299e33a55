"""The document as it is served: built when the first client asks for it, then bytes."""

import asyncio
from collections.abc import Sequence

from starlette.routing import BaseRoute


class ServedDocument:
    """The OpenAPI document of one application."""

    def __init__(self, routes: Sequence[BaseRoute], *, server_url: str, needs_key: bool) -> None:
        self._routes = routes
        self._server_url = server_url
        self._needs_key = needs_key
        self._built: asyncio.Task[bytes] | None = None

    async def json(self) -> bytes:
        """Return its JSON."""
        if self._built is None:
            # In a thread, since it takes a second in which streams go on.
            self._built = asyncio.create_task(asyncio.to_thread(self._build))
        return await asyncio.shield(self._built)

    async def close(self) -> None:
        """Wait until nothing is being built any more."""
        if self._built is not None:
            await asyncio.wait({self._built})

    def _build(self) -> bytes:
        from pydantic_core import to_json

        # Only here: its types take time and memory, and most servers are never asked.
        from serve_app.openapi.document import build

        document = build(self._routes, server_url=self._server_url, needs_key=self._needs_key)
        return to_json(document)
