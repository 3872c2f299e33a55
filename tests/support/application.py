"""The whole HTTP application as tests build it."""

from typing import Any

from fastapi import FastAPI

from serve_app.config import IngressConfig
from serve_app.ingress import create_api
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.registry import Registry
from serve_app.services import Runtime
from serve_app.storage.database import Database
from serve_app.storage.database_url import MEMORY


def create_test_api(
    registry: Registry,
    keys: frozenset[str] = frozenset(),
    database: Database | None = None,
    remote_files: RemoteFiles | None = None,
    **settings: Any,
) -> FastAPI:
    """Return an application that keeps everything in memory, unless ``settings`` say where."""
    kept: dict[str, Any] = {"files_url": "memory://homeport", "max_body_bytes": 2**20}
    runtime = Runtime(
        registry=registry,
        database=database or Database(MEMORY),
        keys=keys,
        remote_files=remote_files,
    )
    return create_api(IngressConfig(**kept | settings), runtime)
