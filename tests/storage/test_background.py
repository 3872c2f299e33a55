"""Responses in the background that clients follow: what they have read is not made again."""

from dataclasses import replace
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from serve_app.http.auth import EVERYONE
from serve_app.jobs import worker
from serve_app.responses import background
from serve_app.storage.database import Database
from serve_app.storage.jobs import JobStore
from serve_app.storage.responses import JOB, ResponseStore
from tests.storage.kinds import Model, server
from wire.errors import StorageUnavailableError


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_EVERY_S", "RENEW_EVERY_S"):
        monkeypatch.setattr(worker, name, 0.02)
    monkeypatch.setattr(background, "RENEW_EVERY_S", 0.02)
    monkeypatch.setattr(background, "FOLLOW_EVERY_S", 0.0)


async def test_stream_outlives_an_outage_of_the_database(
    client: AsyncOpenAI, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, failures = JobStore.lock, 0

    async def fail_five_times(self: JobStore, job_id: str) -> None:
        nonlocal failures
        if model.reports and failures < 5:
            failures += 1
            raise StorageUnavailableError("gone")
        await lock(self, job_id)

    monkeypatch.setattr(JobStore, "lock", fail_five_times)
    conversation = await client.conversations.create()

    stream = await client.responses.create(
        model="small", input="hi", background=True, stream=True, conversation=conversation.id
    )
    events = [event async for event in stream]

    assert [event.type for event in events] == [
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.completed",
    ]
    assert [event.sequence_number for event in events] == [0, 1, 2, 3]
    assert failures == 5
    assert model.reports == ["asked"]
    items = await client.conversations.items.list(conversation.id)
    assert len([item async for item in items]) == 2


async def test_stream_of_which_events_are_kept_is_not_made_again(
    database: Database, url: str, tmp_path: Path, model: Model
) -> None:
    responses = ResponseStore(database)
    async with server(url, tmp_path, model, works=False) as client:
        queued = await client.responses.create(model="small", input="hi", background=True)
        response_id = queued.id
    kept = await responses.get(EVERYONE, response_id)
    await responses.delete(EVERYONE, response_id)
    await responses.add(replace(kept, request={**(kept.request or {}), "stream": True}))
    assert await JobStore(database, "a process that ended").claim([JOB], 0)
    await responses.add_events(response_id, [(2, b"event: response.in_progress\ndata: {}\n\n")])

    async with server(url, tmp_path, model) as client:
        stream = await client.responses.retrieve(response_id, stream=True, starting_after=2)
        (last,) = [event async for event in stream]

    assert last.type == "response.failed"
    assert last.sequence_number == 3
    assert last.response.error
    assert "ended in the middle" in last.response.error.message
    assert model.reports == []
