"""What vector stores refuse, and how they say so."""

from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from serve_app.storage import vector_stores
from tests.api.errors import assert_openai_error
from tests.support import scripted_model as chat
from tests.support.scripted_model import ScriptedModel
from tests.support.word_model import CARD, WordModel
from wire.card import ModelCard

STORE = "/v1/vector_stores/{store}"


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (chat.CARD, CARD)


@pytest.fixture
def model() -> ScriptedModel:
    return WordModel()


def static(size: int, overlap: int) -> dict[str, Any]:
    sizes = {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}
    return {"chunking_strategy": {"type": "static", "static": sizes}}


LABELS = {f"k{number}": "v" for number in range(17)}
NESTED = {"type": "and", "filters": [{"type": "gt", "key": "a", "value": True}]}


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/vector_stores", {"name": "x" * 257}, "name"),
        ("/v1/vector_stores", {"metadata": LABELS}, "metadata"),
        (
            "/v1/vector_stores",
            {"expires_after": {"anchor": "created_at", "days": 1}},
            "expires_after.anchor",
        ),
        (
            "/v1/vector_stores",
            {"expires_after": {"anchor": "last_active_at", "days": 366}},
            "expires_after.days",
        ),
        ("/v1/vector_stores", {"file_ids": ["x"] * 501}, "file_ids"),
        (
            "/v1/vector_stores",
            static(99, 0),
            "chunking_strategy.static.max_chunk_size_tokens",
        ),
        (
            "/v1/vector_stores",
            static(200, 101),
            "chunking_strategy.static.chunk_overlap_tokens",
        ),
        (
            "/v1/vector_stores",
            {"chunking_strategy": {"type": "static"}},
            "chunking_strategy.static",
        ),
        ("/v1/vector_stores", {"chunking_strategy": {"type": "other"}}, "chunking_strategy.type"),
        (STORE + "/files", {}, "file_id"),
        (STORE + "/files", {"file_id": "x", "attributes": LABELS}, "attributes"),
        (STORE + "/file_batches", {}, "files"),
        (STORE + "/file_batches", {"file_ids": ["a"], "files": [{"file_id": "b"}]}, "files"),
        (STORE + "/file_batches", {"file_ids": ["a"] * 2001}, "file_ids"),
        (STORE + "/search", {}, "query"),
        (STORE + "/search", {"query": ""}, "query"),
        (STORE + "/search", {"query": "a", "max_num_results": 51}, "max_num_results"),
        (STORE + "/search", {"query": "a", "rewrite_query": True}, "rewrite_query"),
        (
            STORE + "/search",
            {"query": "a", "ranking_options": {"score_threshold": 2}},
            "ranking_options.score_threshold",
        ),
        (
            STORE + "/search",
            {"query": "a", "ranking_options": {"ranker": "mine"}},
            "ranking_options.ranker",
        ),
        (STORE + "/search", {"query": "a", "filters": {"type": "like"}}, "filters"),
    ],
)
async def test_request_that_does_not_fit_names_what_is_wrong(
    http: httpx2.AsyncClient, path: str, body: dict[str, Any], param: str
) -> None:
    store = (await http.post("/v1/vector_stores", json={})).json()["id"]

    answer = await http.post(path.format(store=store), json=body)

    assert_openai_error(answer, 400, param)


async def test_filter_that_compares_what_has_no_order_is_refused(http: httpx2.AsyncClient) -> None:
    store = (await http.post("/v1/vector_stores", json={})).json()["id"]

    answer = await http.post(
        f"/v1/vector_stores/{store}/search", json={"query": "a", "filters": NESTED}
    )

    assert answer.status_code == 400
    assert "a number or a text" in answer.json()["error"]["message"]


async def test_what_is_not_there_is_not_found_whatever_is_asked_of_it(
    openai_client: AsyncOpenAI,
) -> None:
    stores = openai_client.vector_stores
    store_id = (await stores.create()).id
    for asked in (
        stores.retrieve("vs_none"),
        stores.search("vs_none", query="a"),
        stores.delete("vs_none"),
        stores.update("vs_none", name="a"),
        stores.create(file_ids=["file-none"]),
        stores.files.create(store_id, file_id="file-none"),
        stores.files.retrieve("file-none", vector_store_id=store_id),
        stores.files.delete("file-none", vector_store_id=store_id),
        stores.files.update("file-none", vector_store_id=store_id, attributes={}),
        stores.files.list("vs_none"),
        stores.file_batches.create(store_id, file_ids=["file-none"]),
        stores.file_batches.retrieve("vsfb_none", vector_store_id=store_id),
        stores.file_batches.cancel("vsfb_none", vector_store_id=store_id),
    ):
        with pytest.raises(openai.NotFoundError, match="none"):
            await asked


async def test_store_takes_no_more_files_than_it_may_have(
    openai_client: AsyncOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_stores, "MAX_STORE_TOTAL_FILES", 2)
    ids = [
        (await openai_client.files.create(file=("a.txt", b"a"), purpose="assistants")).id
        for _ in range(3)
    ]
    store = await openai_client.vector_stores.create(file_ids=ids[:2])

    with pytest.raises(openai.BadRequestError, match="may have 2 files"):
        await openai_client.vector_stores.files.create(store.id, file_id=ids[2])

    assert (await openai_client.vector_stores.files.create(store.id, file_id=ids[0])).id == ids[0]
    counts = (await openai_client.vector_stores.retrieve(store.id)).file_counts
    assert counts.total == 2
