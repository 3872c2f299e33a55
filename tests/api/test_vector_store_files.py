"""Files of vector stores: how they are read, and what becomes of those that cannot be."""

import asyncio
import json
from typing import Any

import pytest
from openai import AsyncOpenAI

from serve_app.models import retrying
from serve_app.storage import vector_store_rows
from tests.api.conftest import CreateApi
from tests.support import scripted_model as chat
from tests.support.scripted_model import ScriptedModel, connect
from tests.support.word_model import CARD, SEA, SKY, WordModel, fill_store, names, upload
from wire.card import ModelCard
from wire.errors import ModelOverloadedError

LONG = "\n\n".join(f"Paragraph number{place} tells of topic{place}. " * 8 for place in range(60))


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (chat.CARD, CARD)


@pytest.fixture
def model() -> ScriptedModel:
    return WordModel()


async def test_long_file_comes_in_chunks_that_the_model_can_read(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    store_id = await fill_store(openai_client)
    file_id = await upload(openai_client, LONG.encode(), "long.md")
    files = openai_client.vector_stores.files
    strategy: Any = {
        "type": "static",
        "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 50},
    }

    read = await files.create_and_poll(
        file_id, vector_store_id=store_id, chunking_strategy=strategy, poll_interval_ms=10
    )
    content = [part.text or "" async for part in files.content(file_id, vector_store_id=store_id)]
    found = await openai_client.vector_stores.search(
        store_id, query="number33 topic33", max_num_results=2
    )

    assert read.chunking_strategy
    assert read.chunking_strategy.to_dict() == strategy
    places = [LONG.index(text) for text in content]
    assert places == sorted(places)
    assert LONG.strip().endswith(content[-1])
    assert max(map(len, content)) < 200 * 6
    inputs = [text for call in model.calls for text in json.loads(call.body)["input"]]
    assert max(len(text.split()) for text in inputs) < 80
    assert "topic33" in found.data[0].content[0].text
    assert len(found.data) == 2


@pytest.mark.parametrize(
    ("name", "data", "code", "said"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "unsupported_file", "Read are text"),
        ("a.pdf", b"%PDF-1.7 nothing of it is true", "invalid_file", "PDF"),
        ("a.docx", b"PK\x03\x04nonsense", "invalid_file", "archive"),
        ("a.txt", b" \n ", "invalid_file", "no text"),
    ],
)
async def test_file_that_cannot_be_read_fails_and_says_why(
    openai_client: AsyncOpenAI, name: str, data: bytes, code: str, said: str
) -> None:
    store_id = await fill_store(openai_client, sky=SKY)
    file_id = await upload(openai_client, data, name)

    read = await openai_client.vector_stores.files.create_and_poll(
        file_id, vector_store_id=store_id, poll_interval_ms=10
    )

    assert read.status == "failed"
    assert read.last_error
    assert read.last_error.code == code
    assert said in read.last_error.message
    counts = (await openai_client.vector_stores.retrieve(store_id)).file_counts
    assert (counts.failed, counts.completed, counts.in_progress) == (1, 1, 0)
    assert await names(openai_client, store_id) == ["sky.txt"]


async def test_model_without_room_is_asked_again(
    openai_client: AsyncOpenAI, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE_S", 0.01)
    model.script = [ModelOverloadedError("Full.", None, 0) for _ in range(3)]

    store_id = await fill_store(openai_client, sea=SEA)

    assert await names(openai_client, store_id) == ["sea.txt"]


async def test_file_that_is_added_again_is_read_anew_only_if_something_differs(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    store_id = await fill_store(openai_client)
    file_id, files = await upload(openai_client), openai_client.vector_stores.files
    await files.create_and_poll(file_id, vector_store_id=store_id, poll_interval_ms=10)
    num_calls = len(model.calls)

    same = await files.create(store_id, file_id=file_id)
    assert (same.status, len(model.calls)) == ("completed", num_calls)
    other = await files.create_and_poll(
        file_id, vector_store_id=store_id, attributes={"a": "b"}, poll_interval_ms=10
    )

    assert (other.status, other.attributes) == ("completed", {"a": "b"})
    assert len(model.calls) == num_calls + 1
    store = await openai_client.vector_stores.retrieve(store_id)
    assert (store.file_counts.total, store.usage_bytes) == (1, other.usage_bytes)
    assert await names(openai_client, store_id) == ["sea.txt"]


async def test_deleted_file_leaves_all_stores(openai_client: AsyncOpenAI) -> None:
    file_id = await upload(openai_client)
    stores = [await fill_store(openai_client, sky=SKY) for _ in range(2)]
    for store_id in stores:
        await openai_client.vector_stores.files.create_and_poll(
            file_id, vector_store_id=store_id, poll_interval_ms=10
        )

    await openai_client.files.delete(file_id)

    for store_id in stores:
        assert await names(openai_client, store_id) == ["sky.txt"]
        assert (await openai_client.vector_stores.retrieve(store_id)).file_counts.total == 1


async def test_work_that_one_replica_leaves_another_finishes_once(
    create: CreateApi, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = create(frozenset())
    asked, run = asyncio.Event(), model.run

    async def never(_: Any) -> Any:
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(model, "run", never)
    async with connect(api) as http:
        client = AsyncOpenAI(base_url="http://test/v1", api_key="x", http_client=http)
        async with api.router.lifespan_context(api):
            file_id = await upload(client)
            store = await client.vector_stores.create(file_ids=[file_id])
            await asked.wait()
            await api.state.services.jobs.store.release(
                vector_store_rows.entry_id(store.id, file_id)
            )
            monkeypatch.setattr(model, "run", run)
            read = await client.vector_stores.files.poll(
                file_id, vector_store_id=store.id, poll_interval_ms=10
            )
            content = await client.vector_stores.files.content(file_id, vector_store_id=store.id)

            assert read.status == "completed"
            assert [part.text for part in content.data] == [SEA.decode()]
