"""A synchronous client of an application in this process."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from anyio import fail_after
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI


@contextmanager
def connect_synchronously(api: FastAPI, library: Any) -> Generator[Any]:
    """Run an application in a thread and yield a client of httpx or httpx2, whichever it is."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(api.router.lifespan_context(api)),
        library.Client(transport=_make_transport(api, library, portal)) as client,
    ):
        yield client


def _make_transport(api: FastAPI, library: Any, portal: BlockingPortal) -> Any:
    asgi = library.ASGITransport(api, raise_app_exceptions=False)

    async def send(request: Any) -> Any:
        limit_s = request.extensions.get("timeout", {}).get("read")
        try:
            with fail_after(limit_s):
                answer = await asgi.handle_async_request(request)
                content = b"".join([part async for part in answer.stream])
        except TimeoutError as error:
            raise library.ReadTimeout(f"no whole answer in {limit_s} s") from error
        return library.Response(answer.status_code, headers=answer.headers, content=content)

    class Transport(library.BaseTransport):
        def handle_request(self, request: Any) -> Any:
            request.read()  # after which its stream is one for both kinds of clients
            return portal.call(send, request)

    return Transport()
