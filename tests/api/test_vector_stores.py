"""Vector stores through OpenAI's SDK: what is uploaded is found by what it says."""

import json
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types import VectorStore, VectorStoreDeleted, VectorStoreSearchResponse
from openai.types.vector_stores import (
    FileContentResponse,
    VectorStoreFile,
    VectorStoreFileBatch,
    VectorStoreFileDeleted,
)

from serve_app.storage import vector_store_rows
from tests.api.conftest import CreateApi
from tests.support import scripted_model as chat
from tests.support.openai_conformance import assert_conforms
from tests.support.scripted_model import KEY, ScriptedModel, connect
from tests.support.word_model import (
    CARD,
    DIMENSIONS,
    SEA,
    SKY,
    WordModel,
    fill_store,
    names,
    upload,
)
from wire.card import ModelCard


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (chat.CARD, CARD)


@pytest.fixture
def model() -> ScriptedModel:
    return WordModel()


async def test_uploaded_text_is_found_by_what_it_says(openai_client: AsyncOpenAI) -> None:
    store = await openai_client.vector_stores.create(name="animals")
    files = openai_client.vector_stores.files
    sea = await files.upload_and_poll(
        vector_store_id=store.id, file=("sea.txt", SEA), poll_interval_ms=10
    )
    await files.upload_and_poll(
        vector_store_id=store.id, file=("sky.txt", SKY), poll_interval_ms=10
    )

    found = await openai_client.vector_stores.search(store.id, query="whale sea mammal")

    assert sea.status == "completed"
    assert [one.filename for one in found.data] == ["sea.txt", "sky.txt"]
    assert found.data[0].file_id == sea.id
    assert found.data[0].content[0].text == SEA.decode()
    assert 1 >= found.data[0].score > found.data[1].score >= 0


async def test_every_answer_is_what_the_sdk_says(openai_client: AsyncOpenAI) -> None:
    file_id = await upload(openai_client)
    stores = openai_client.vector_stores.with_raw_response
    files = openai_client.vector_stores.files.with_raw_response
    batches = openai_client.vector_stores.file_batches.with_raw_response
    made = await stores.create(
        name="n",
        description="d",
        metadata={"a": "b"},
        expires_after={"anchor": "last_active_at", "days": 3},
    )
    store: VectorStore = assert_conforms(VectorStore, made.text)
    labels: dict[str, str | float | bool] = {"a": 1.5, "b": True, "c": "x"}
    added = await files.create(store.id, file_id=file_id, attributes=labels)
    assert_conforms(VectorStoreFile, added.text)
    await openai_client.vector_stores.files.poll(
        file_id, vector_store_id=store.id, poll_interval_ms=10
    )
    batch = assert_conforms(
        VectorStoreFileBatch,
        (await batches.create(store.id, file_ids=[file_id], attributes=labels)).text,
    )
    for answer, kind in (
        (await stores.retrieve(store.id), VectorStore),
        (await stores.update(store.id, name="m"), VectorStore),
        (await files.retrieve(file_id, vector_store_id=store.id), VectorStoreFile),
        (
            await files.update(file_id, vector_store_id=store.id, attributes={"a": "b"}),
            VectorStoreFile,
        ),
        (await batches.retrieve(batch.id, vector_store_id=store.id), VectorStoreFileBatch),
        (await batches.cancel(batch.id, vector_store_id=store.id), VectorStoreFileBatch),
    ):
        assert_conforms(kind, answer.text)
    for answer, kind in (
        (await stores.list(), VectorStore),
        (await stores.search(store.id, query="whale"), VectorStoreSearchResponse),
        (await files.list(store.id), VectorStoreFile),
        (await files.content(file_id, vector_store_id=store.id), FileContentResponse),
        (await batches.list_files(batch.id, vector_store_id=store.id), VectorStoreFile),
    ):
        page: Any = answer.http_response.json()
        assert page["data"]
        for item in page["data"]:
            assert_conforms(kind, json.dumps(item))
    gone = await files.delete(file_id, vector_store_id=store.id)
    assert_conforms(VectorStoreFileDeleted, gone.text)
    assert_conforms(VectorStoreDeleted, (await stores.delete(store.id)).text)


async def test_store_says_what_it_has_at_any_moment(openai_client: AsyncOpenAI) -> None:
    store_id = await fill_store(openai_client, sea=SEA, sky=SKY)
    stores = openai_client.vector_stores

    full = await stores.retrieve(store_id)
    first = (await stores.files.list(store_id, order="asc")).data[0]
    await stores.files.delete(first.id, vector_store_id=store_id)
    less = await stores.retrieve(store_id)

    assert full.status == "completed"
    assert (full.file_counts.completed, full.file_counts.total) == (2, 2)
    assert full.usage_bytes == len(SEA + SKY) + 2 * 4 * DIMENSIONS
    assert first.usage_bytes == len(SEA) + 4 * DIMENSIONS
    assert (less.file_counts.total, less.usage_bytes) == (1, full.usage_bytes - first.usage_bytes)
    assert await names(openai_client, store_id) == ["sky.txt"]
    assert (await openai_client.files.retrieve(first.id)).filename == "sea.txt"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"type": "eq", "key": "kind", "value": "fish"}, ["sky.txt"]),
        ({"type": "ne", "key": "kind", "value": "fish"}, ["sea.txt"]),
        ({"type": "gte", "key": "year", "value": 2020}, ["sea.txt", "sky.txt"]),
        (
            {
                "type": "and",
                "filters": [
                    {"type": "gt", "key": "year", "value": 2020},
                    {"type": "in", "key": "kind", "value": ["fish", "bird"]},
                ],
            },
            ["sky.txt"],
        ),
        ({"type": "eq", "key": "nothing", "value": 1}, []),
    ],
)
async def test_search_looks_only_at_files_that_a_filter_lets_through(
    openai_client: AsyncOpenAI, filters: Any, expected: list[str]
) -> None:
    sea, sky = await upload(openai_client), await upload(openai_client, SKY, "sky.txt")
    store_id = await fill_store(openai_client)
    await openai_client.vector_stores.file_batches.create_and_poll(
        store_id,
        files=[
            {"file_id": sea, "attributes": {"kind": "mammal", "year": 2020}},
            {"file_id": sky, "attributes": {"kind": "bird", "year": 2021}},
        ],
        poll_interval_ms=10,
    )
    await openai_client.vector_stores.files.update(
        sky, vector_store_id=store_id, attributes={"kind": "fish", "year": 2021}
    )

    assert await names(openai_client, store_id, filters=filters) == expected


async def test_results_below_the_threshold_are_left_out(openai_client: AsyncOpenAI) -> None:
    store_id = await fill_store(openai_client, sea=SEA, sky=SKY)

    few = await names(openai_client, store_id, ranking_options={"score_threshold": 0.3})
    several = await openai_client.vector_stores.search(
        store_id, query=["whale sea", "eagle sky bird"]
    )

    assert few == ["sea.txt"]
    assert {one.filename for one in several.data} == {"sea.txt", "sky.txt"}


async def test_expired_store_says_so_and_is_not_searched(
    openai_client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores = openai_client.vector_stores
    store = await stores.create(
        file_ids=[await upload(openai_client)],
        expires_after={"anchor": "last_active_at", "days": 1},
    )
    now = store.created_at
    assert store.expires_at == now + 24 * 3600
    monkeypatch.setattr(vector_store_rows, "time", lambda: now + 25 * 3600)

    assert (await stores.retrieve(store.id)).status == "expired"
    with pytest.raises(openai.BadRequestError, match="has expired"):
        await stores.search(store.id, query="whale")
    with pytest.raises(openai.BadRequestError, match="has expired"):
        await stores.files.create(store.id, file_id=await upload(openai_client))
    await stores.update(store.id, expires_after=None)
    assert (await stores.retrieve(store.id)).status != "expired"


async def test_store_belongs_to_its_key(create: CreateApi) -> None:
    api = create(frozenset({KEY, "sk-other"}))
    async with api.router.lifespan_context(api), connect(api) as http:
        mine = AsyncOpenAI(base_url="http://test/v1", api_key=KEY, http_client=http, max_retries=0)
        theirs = mine.with_options(api_key="sk-other")
        store_id = await fill_store(mine, sea=SEA)
        file_id = (await mine.vector_stores.files.list(store_id)).data[0].id
        own = await fill_store(theirs)

        assert (await theirs.vector_stores.list()).data[0].id == own
        for asked in (
            theirs.vector_stores.retrieve(store_id),
            theirs.vector_stores.search(store_id, query="whale"),
            theirs.vector_stores.delete(store_id),
            theirs.vector_stores.update(store_id, name="x"),
            theirs.vector_stores.files.list(store_id),
            theirs.vector_stores.files.retrieve(file_id, vector_store_id=store_id),
            theirs.vector_stores.files.content(file_id, vector_store_id=store_id),
            theirs.vector_stores.files.create(own, file_id=file_id),
            theirs.vector_stores.create(file_ids=[file_id]),
        ):
            with pytest.raises(openai.NotFoundError):
                await asked
