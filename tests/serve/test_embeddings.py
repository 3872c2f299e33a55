"""Embeddings and rerank through the whole server."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from tests.serve.odd_values import VALUES
from tests.support.server import Server
from wire.jina.rerank import RerankRequest
from wire.openai.embeddings import EmbeddingsRequest


def vector(client: OpenAI, text: str) -> list[float]:
    return client.embeddings.create(model="text-embedding-ada-002", input=text).data[0].embedding


def similarity(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_related_words_are_closer_through_the_sdk(client: OpenAI) -> None:
    answer = client.embeddings.create(
        model="text-embedding-ada-002", input=["cat", "kitten", "tax law"]
    )
    cat, kitten, law = (item.embedding for item in answer.data)

    assert similarity(cat, kitten) > similarity(cat, law) + 0.2
    assert answer.model == "all-minilm-l6-v2"
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 3 + 3 + 4
    assert [item.index for item in answer.data] == [0, 1, 2]


def test_floats_and_base64_are_the_same_vector(client: OpenAI) -> None:
    floats = client.embeddings.create(
        model="text-embedding-3-small", input="cat", encoding_format="float", dimensions=384
    )

    assert floats.data[0].embedding == pytest.approx(vector(client, "cat"), abs=1e-6)


def test_concurrent_requests_are_never_mixed_up(client: OpenAI) -> None:
    texts = [f"{'text ' * (i % 30)}number {i}" for i in range(64)]
    with ThreadPoolExecutor(16) as threads:
        together = list(threads.map(vector, [client] * len(texts), texts))

    for text, found in zip(texts[::9], together[::9], strict=True):
        assert found == pytest.approx(vector(client, text), abs=1e-5)


def test_long_text_is_embedded(client: OpenAI) -> None:
    assert len(vector(client, "doc " * 5000)) == 384


@pytest.mark.parametrize(
    "value",
    [None, True, 0, 3.5, 2**70, "", "\0", [], [""], [[]], [[-1]], [[10**9]], [[2**70]], [None],
     ["a", 3], {}, [{}], ["a"] * 2049, "x" * 1_000_000, " ", ["a", [3103]]],
)  # fmt: skip
def test_input_of_odd_value_is_honoured_or_refused(server: Server, value: Any) -> None:
    answer = httpx2.post(f"{server.url}/v1/embeddings", json={"input": value}, timeout=60)

    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert answer.json()["error"]["param"].startswith("input")


def test_dimensions_that_the_model_has_not_are_a_hint(client: OpenAI) -> None:
    raw = client.embeddings.with_raw_response.create(
        model="text-embedding-3-large", input="cat", dimensions=256
    )

    assert raw.headers["x-homeport-ignored"] == "dimensions"
    assert len(raw.parse().data[0].embedding) == 384


def test_rerank_puts_the_answer_first(server: Server) -> None:
    documents = ["Tax law is dull.", "Paris is the capital of France.", "Bread needs flour."]
    body = {"model": "jina-reranker-v1-base-en", "query": "France's capital?"}

    answer = httpx2.post(
        f"{server.url}/v1/rerank", json={**body, "documents": documents}, timeout=30
    ).json()

    assert answer["results"][0]["document"]["text"] == documents[1]
    assert {result["index"] for result in answer["results"]} == {0, 1, 2}
    assert answer["usage"]["total_tokens"] > 20


def test_rerank_refuses_a_top_n_of_zero(server: Server) -> None:
    body = {"query": "a", "documents": ["a"], "top_n": 0}

    assert httpx2.post(f"{server.url}/v1/rerank", json=body, timeout=30).status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        *(("/v1/embeddings", {"input": "a"}, field) for field in EmbeddingsRequest.model_fields),
        *(
            ("/v1/rerank", {"query": "a", "documents": ["a", "b"]}, field)
            for field in RerankRequest.model_fields
        ),
    ],
)
def test_field_of_odd_value_is_honoured_or_refused(
    server: Server, path: str, body: dict[str, Any], field: str
) -> None:
    with httpx2.Client(base_url=server.url, timeout=30) as http:
        for value in VALUES:
            answer = http.post(path, json=body | {field: value})

            assert answer.status_code in (200, 400, 404, 422), (value, answer.text)
            if answer.status_code != 200:
                assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
