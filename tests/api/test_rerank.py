import json
from typing import Any

import httpx2
import pytest

from tests.api.errors import assert_openai_error
from tests.support import scripted_model as chat
from tests.support.scripted_model import ScriptedModel
from wire.calls import Kind
from wire.card import ModelCard

CARD = ModelCard(
    id="ranker",
    kind=Kind.RERANK,
    aliases=("jina-reranker-v1-base-en", "rerank-v3.5"),
    backend="sentence-transformers",
)
DOCUMENTS: list[Any] = ["flour", "Paris", "law", "bread"]
BODY: dict[str, Any] = {"model": "rerank-v3.5", "query": "capital", "documents": DOCUMENTS}


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (chat.CARD, CARD)


@pytest.fixture(autouse=True)
def scored(model: ScriptedModel) -> None:
    model.script = [json.dumps({"scores": [0.1, 0.9, 0.5, 0.1]}).encode()]


@pytest.mark.parametrize("path", ["/v1/rerank", "/rerank", "/v2/rerank"])
async def test_rerank_answers_all_documents_the_best_first(
    http: httpx2.AsyncClient, model: ScriptedModel, path: str
) -> None:
    answer = (await http.post(path, json=BODY)).json()

    assert [result["index"] for result in answer["results"]] == [1, 2, 0, 3]
    assert [result["relevance_score"] for result in answer["results"]] == [0.9, 0.5, 0.1, 0.1]
    assert all(r["document"]["text"] == DOCUMENTS[r["index"]] for r in answer["results"])
    assert answer["model"] == "ranker"
    assert answer["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    assert answer["meta"]["tokens"]["input_tokens"] == 3
    assert answer["id"]
    assert model.asked == {"model": "ranker", "query": "capital", "documents": DOCUMENTS}


@pytest.mark.parametrize(("top_n", "count"), [(1, 1), (2, 2), (10, 4), (None, 4)])
async def test_top_n_is_the_most_that_come(
    http: httpx2.AsyncClient, top_n: int | None, count: int
) -> None:
    answer = (await http.post("/v1/rerank", json=BODY | {"top_n": top_n})).json()

    assert len(answer["results"]) == count
    assert answer["results"][0]["index"] == 1


@pytest.mark.parametrize("top_n", [0, -1])
async def test_top_n_below_one_is_unprocessable(http: httpx2.AsyncClient, top_n: int) -> None:
    answer = await http.post("/v1/rerank", json=BODY | {"top_n": top_n})

    assert str(top_n) in assert_openai_error(answer, 422, "top_n")


async def test_documents_are_left_out_where_nobody_wants_them(http: httpx2.AsyncClient) -> None:
    answer = (await http.post("/v1/rerank", json=BODY | {"return_documents": False})).json()

    assert all("document" not in result for result in answer["results"])


async def test_documents_as_objects_come_back_whole(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    documents = [{"text": "a", "page": 3}, {"text": "b"}, "c", {"text": "d"}]

    answer = (await http.post("/v1/rerank", json=BODY | {"documents": documents})).json()

    assert model.asked["documents"] == ["a", "b", "c", "d"]
    assert answer["results"][0]["document"] == {"text": "b"}
    assert answer["results"][2]["document"] == {"text": "a", "page": 3}


async def test_rank_fields_say_what_of_an_object_is_ranked(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    documents = [{"title": "T", "body": "B", "text": "x"}] * 3 + [{"body": "only"}]

    await http.post(
        "/v1/rerank", json=BODY | {"documents": documents, "rank_fields": ["title", "body"]}
    )

    assert model.asked["documents"] == ["title: T\nbody: B"] * 3 + ["body: only"]


async def test_numbers_are_ranked_as_text(http: httpx2.AsyncClient, model: ScriptedModel) -> None:
    documents = [{"title": "Moon", "year": 1969, "score": 0.5, "more": None}, {"year": 3}]

    answer = await http.post(
        "/v1/rerank",
        json=BODY | {"documents": documents * 2, "rank_fields": ["title", "year", "score", "more"]},
    )

    assert answer.status_code == 200
    assert model.asked["documents"] == ["title: Moon\nyear: 1969\nscore: 0.5", "year: 3"] * 2


@pytest.mark.parametrize("value", [True, ["a"], {"text": "a"}])
async def test_ranked_field_of_another_type_is_named(http: httpx2.AsyncClient, value: Any) -> None:
    documents = ["a", {"title": "T", "body": value}]

    answer = await http.post(
        "/v1/rerank", json=BODY | {"documents": documents, "rank_fields": ["title", "body"]}
    )

    assert "'body' must be a text or a number" in assert_openai_error(answer, 400, "documents[1]")


async def test_query_as_an_object_and_limit_of_tokens_reach_the_engine(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    await http.post("/v1/rerank", json=BODY | {"query": {"text": "q"}, "max_tokens_per_doc": 9})

    assert model.asked["query"] == "q"
    assert model.asked["max_tokens_per_doc"] == 9


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"query": None}, "query"),
        ({"query": ""}, "query"),
        ({"query": 3}, "query"),
        ({"query": {}}, "query"),
        ({"documents": None}, "documents"),
        ({"documents": []}, "documents"),
        ({"documents": "a"}, "documents"),
        ({"documents": [3]}, "documents[0]"),
        ({"documents": ["a", None]}, "documents[1]"),
        ({"documents": ["a", {}]}, "documents[1]"),
        ({"documents": [{"text": True}]}, "documents[0]"),
        ({"documents": [{"text": {"text": "a"}}]}, "documents[0]"),
        ({"documents": [{"image": "http://x"}]}, "documents[0]"),
        ({"documents": [["a"]]}, "documents[0]"),
        ({"documents": ["a"] * 2049}, "documents"),
        ({"top_n": "x"}, "top_n"),
        ({"top_n": 1.5}, "top_n"),
        ({"top_n": []}, "top_n"),
        ({"return_documents": "perhaps"}, "return_documents"),
        ({"rank_fields": []}, "rank_fields"),
        ({"rank_fields": "text"}, "rank_fields"),
        ({"rank_fields": ["text"] * 101}, "rank_fields"),
        ({"max_tokens_per_doc": 0}, "max_tokens_per_doc"),
        ({"max_chunks_per_doc": -1}, "max_chunks_per_doc"),
        ({"backend": "llama"}, "backend"),
        ({"input": "x"}, "input"),
    ],
)
async def test_wrong_field_of_rerank_is_named(
    http: httpx2.AsyncClient, change: dict[str, Any], param: str
) -> None:
    answer = await http.post("/v1/rerank", json=BODY | change)

    assert answer.json()["error"]["param"].startswith(param), answer.json()
    assert_openai_error(answer, 400, answer.json()["error"]["param"])
