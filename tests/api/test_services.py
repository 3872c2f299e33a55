"""The services of an application start and stop with it, whatever fails."""

import logging
from typing import Any

import pytest
from fastapi import FastAPI

from serve_app.services import Services
from serve_app.storage.database import Database
from serve_app.storage.database_url import MEMORY
from tests.api.conftest import CreateApi
from tests.support.scripted_model import connect


class RecordingDatabase(Database):
    """Counts how often it has been closed, and can fail to close."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__(MEMORY)
        self.closed = 0
        self._error = error

    async def close(self) -> None:
        await super().close()
        self.closed += 1
        if self._error is not None:
            raise self._error


def services(api: FastAPI) -> Services:
    return api.state.services


async def fail(*_: Any) -> None:
    raise RuntimeError("broken")


async def test_database_is_closed_when_a_background_task_has_failed(
    create: CreateApi, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = RecordingDatabase()
    api = create(database=database)
    monkeypatch.setattr(services(api).jobs, "work_forever", fail)

    with caplog.at_level(logging.ERROR):
        async with api.router.lifespan_context(api), connect(api) as http:
            assert (await http.get("/v1/files")).status_code == 200
            assert (await http.get("/v1/models")).status_code == 200

    assert database.closed == 1
    assert "Background task fail failed" in caplog.text


@pytest.mark.parametrize("step", ["refresh", "close"])
async def test_database_is_closed_when_another_service_fails_to_start_or_stop(
    create: CreateApi, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    database = RecordingDatabase()
    api = create(database=database)
    monkeypatch.setattr(services(api).registry, step, fail)

    with pytest.raises(RuntimeError, match="broken"):
        async with api.router.lifespan_context(api):
            pass

    assert database.closed == 1


async def test_failure_to_close_the_database_is_reported(create: CreateApi) -> None:
    database = RecordingDatabase(OSError("no disk"))
    api = create(database=database)

    with pytest.raises(OSError, match="no disk"):
        async with api.router.lifespan_context(api):
            pass
