"""Batches of files of vector stores, and lists."""

import asyncio
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from tests.support import scripted_model as chat
from tests.support.scripted_model import ScriptedModel
from tests.support.word_model import CARD, WordModel
from wire.card import ModelCard


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (chat.CARD, CARD)


@pytest.fixture
def model() -> ScriptedModel:
    return WordModel()


async def uploads(client: AsyncOpenAI, count: int) -> list[str]:
    made = [
        await client.files.create(
            file=(f"{n}.txt", f"topic{n} text".encode()), purpose="assistants"
        )
        for n in range(count)
    ]
    return [file.id for file in made]


async def test_batch_of_uploads_is_read_and_counted(openai_client: AsyncOpenAI) -> None:
    store = await openai_client.vector_stores.create()
    batches = openai_client.vector_stores.file_batches

    done = await batches.upload_and_poll(
        store.id,
        files=[("a.txt", b"one topic"), ("b.md", b"# two topics"), ("c.png", b"\x89PNG\0\0\0\r")],
        poll_interval_ms=10,
    )
    failed = await batches.list_files(done.id, vector_store_id=store.id, filter="failed")

    assert done.status == "completed"
    counts = done.file_counts
    assert (counts.completed, counts.failed, counts.in_progress, counts.total) == (2, 1, 0, 3)
    assert [file.last_error.code for file in failed.data if file.last_error] == ["unsupported_file"]


async def test_cancelled_batch_reads_no_more_files(
    openai_client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, run = asyncio.Event(), model.run

    async def later(call: Any) -> Any:
        await go_on.wait()
        return await run(call)

    monkeypatch.setattr(model, "run", later)
    store = await openai_client.vector_stores.create()
    batches = openai_client.vector_stores.file_batches
    ids = await uploads(openai_client, 5)
    batch = await batches.create(store.id, file_ids=ids)
    assert (batch.status, batch.file_counts.in_progress) == ("in_progress", 5)

    cancelled = await batches.cancel(batch.id, vector_store_id=store.id)
    go_on.set()
    other = await openai_client.vector_stores.files.create_and_poll(
        (await uploads(openai_client, 1))[0], vector_store_id=store.id, poll_interval_ms=10
    )

    assert (cancelled.status, cancelled.file_counts.cancelled) == ("cancelled", 5)
    assert other.status == "completed"
    again = await batches.retrieve(batch.id, vector_store_id=store.id)
    assert (again.status, again.file_counts.cancelled) == ("cancelled", 5)
    full = await openai_client.vector_stores.retrieve(store.id)
    assert (full.status, full.file_counts.completed) == ("completed", 1)


async def test_files_come_in_pages_whichever_way(openai_client: AsyncOpenAI) -> None:
    ids = await uploads(openai_client, 5)
    store = await openai_client.vector_stores.create(file_ids=ids)
    files = openai_client.vector_stores.files

    newest = await files.list(store.id, limit=2)
    before = await files.list(store.id, limit=2, order="asc", before=ids[3])
    all_of_them = [file.id async for file in files.list(store.id, limit=2, order="asc")]

    assert [file.id for file in newest.data] == ids[:2:-1]
    assert [file.id for file in before.data] == ids[1:3]
    assert all_of_them == ids
    with pytest.raises(openai.BadRequestError, match="file-unknown"):
        await files.list(store.id, after="file-unknown")


async def test_stores_come_in_pages_with_their_counts(openai_client: AsyncOpenAI) -> None:
    ids = await uploads(openai_client, 2)
    made = [
        await openai_client.vector_stores.create(name=str(count), file_ids=ids[:count])
        for count in range(3)
    ]

    listed = [store async for store in openai_client.vector_stores.list(limit=1, order="asc")]

    assert [store.id for store in listed] == [store.id for store in made]
    assert [store.file_counts.total for store in listed] == [0, 1, 2]
