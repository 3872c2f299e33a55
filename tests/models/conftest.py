"""A server with the models of ``configs/local.yaml``, as ``make serve`` starts it."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openai import OpenAI

from tests.support.server import ROOT, Server, application, make_ray_directory

LOCAL = yaml.safe_load((ROOT / "configs" / "local.yaml").read_text())


def find_application(name: str) -> dict[str, Any]:
    """Return an application of the configuration."""
    return application(LOCAL, name)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("server")

    def changes(config: dict[str, Any]) -> None:
        (ingress, *models) = LOCAL["applications"]
        assert ingress["name"] == "ingress"
        files = {"files_url": str(directory / "files")}
        config["applications"] = [{**ingress, "args": files}, *models]

    server = Server(directory, changes)
    with make_ray_directory():
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture
def client(server: Server) -> OpenAI:
    return server.client


@pytest.fixture
def transcriptions() -> dict[str, Any]:
    """The arguments of the transcription model."""
    return find_application("transcriptions")["args"]
