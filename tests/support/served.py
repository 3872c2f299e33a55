"""An engine behind the whole HTTP application, in this process and without Ray."""

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from deployments.chat.config import ChatConfig
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from tests.support.application import create_test_api
from tests.support.serve_details import application, details
from wire.calls import Call, Reply, Usage
from wire.card import ModelCard


class EngineHandle:
    """Stands where a Serve handle would, before an engine of this process."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    async def run(self, call: Call) -> Reply:
        return await self._engine.run(call)

    def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        return self._engine.stream(call)


@contextmanager
def serve_chat(
    config: ChatConfig,
    remote_files: RemoteFiles | None = None,
    others: Sequence[tuple[ModelCard, Any]] = (),
) -> Generator[str]:
    """Serve a chat model and yield the URL; engine and HTTP share a loop in a thread.

    ``others`` are cards and engines beside it.
    """
    from deployments.chat.vllm.engine import VLLMEngine

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        engine = asyncio.run_coroutine_threadsafe(VLLMEngine.load(config), loop).result()
        try:
            server = _Server(_api([(config.card(), engine), *others], remote_files))
            serving = asyncio.run_coroutine_threadsafe(server.serve(), loop)
            yield server.listens.result()
            server.should_exit = True
            serving.result()
        finally:
            asyncio.run_coroutine_threadsafe(engine.close(), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Server(uvicorn.Server):
    """Says when it listens, and where."""

    def __init__(self, api: FastAPI) -> None:
        super().__init__(uvicorn.Config(api, port=0, log_level="warning"))
        self.listens = Future[str]()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        self.listens.set_result(f"http://127.0.0.1:{port}")


def _api(engines: Sequence[tuple[ModelCard, Any]], remote_files: RemoteFiles | None) -> FastAPI:
    async def read() -> dict[str, Any]:
        return details(**{card.id: application(card) for card, _ in engines})

    handles = {card.id: EngineHandle(engine) for card, engine in engines}

    def make_handle(served: ServedModel) -> EngineHandle:
        return handles[served.card.id]

    registry = Registry(read, make_handle, poll_interval_s=1, cold_start_timeout_s=1)
    return create_test_api(registry, max_body_bytes=2**25, remote_files=remote_files)
