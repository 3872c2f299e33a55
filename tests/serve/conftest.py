"""One real server for the whole tier: real Ray, real vLLM, the embedded model."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from anthropic import Anthropic
from openai import OpenAI

from tests.support.server import Server, application, make_ray_directory

MAX_REQUESTS = 24
"""Small, so that the overload test needs few clients."""


@pytest.fixture(scope="session")
def ray_directory() -> Iterator[Path]:
    with make_ray_directory() as directory:
        yield directory


@pytest.fixture(scope="session")
def server(ray_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    files = tmp_path_factory.mktemp("files")

    def changes(config: dict[str, Any]) -> None:
        chat = application(config, "chat")
        chat["args"]["max_requests"] = MAX_REQUESTS
        chat["deployments"][0]["health_check_period_s"] = 1
        application(config, "ingress")["args"] = {
            "registry_poll_s": 0.5,
            "files_url": str(files),
            "trusted_proxies": ["127.0.0.1/32"],  # the tests stand in for a proxy
        }

    server = Server(tmp_path_factory.mktemp("server"), changes)
    try:
        server.start()
        yield server
    finally:
        server.stop()
    assert not server.processes(), "Ctrl-C left processes behind"


@pytest.fixture
def client(server: Server) -> OpenAI:
    return server.client


@pytest.fixture
def claude(server: Server) -> Anthropic:
    return Anthropic(base_url=server.url, api_key="none", max_retries=0, timeout=60)


@pytest.fixture(scope="session")
def replica_load(server: Server) -> Iterator[Any]:
    """Return a function that asks the replica of a kind what it is busy with, past the ingress."""
    import ray
    from ray import serve

    ray.init(address="auto", namespace="serve", log_to_driver=False)

    @cache  # a new handle asks Serve's controller where its replicas are, and is never let go
    def handle(kind: str) -> Any:
        return serve.get_deployment_handle(f"{kind.capitalize()}Deployment", kind)

    def load(kind: str = "chat") -> dict[str, int]:
        return handle(kind).load.remote().result(timeout_s=20)

    yield load
    ray.shutdown()
