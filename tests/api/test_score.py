import json
from typing import Any

import httpx2
import pytest

from tests.api.errors import assert_openai_error
from tests.support.scripted_model import ScriptedModel
from wire.calls import Kind, Reply, Usage
from wire.card import ModelCard

PATH = "/v1/score"


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (ModelCard(id="order", kind=Kind.RERANK, backend="sentence-transformers"),)


def scores(*values: float) -> list[Any]:
    return [Reply(json.dumps({"scores": values}).encode(), Usage(prompt_tokens=5))]


@pytest.mark.parametrize("names", [("text_1", "text_2"), ("queries", "documents")])
async def test_one_text_is_scored_against_each_of_many(
    http: httpx2.AsyncClient, model: ScriptedModel, names: tuple[str, str]
) -> None:
    model.script = scores(0.25, 0.75)

    answer = (await http.post(PATH, json={names[0]: "cat", names[1]: ["dog", "kitten"]})).json()

    assert answer["object"] == "list"
    assert answer["model"] == "order"
    assert answer["data"] == [
        {"index": 0, "object": "score", "score": 0.25},
        {"index": 1, "object": "score", "score": 0.75},
    ]
    assert answer["usage"] == {"prompt_tokens": 5, "total_tokens": 5}
    assert model.asked == {"model": "order", "query": "cat", "documents": ["dog", "kitten"]}


async def test_as_many_on_either_side_are_scored_in_pairs(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = scores(0.5)

    body = {"text_1": ["cat", "car"], "text_2": ["kitten", "truck"]}
    answer = (await http.post(PATH, json=body)).json()

    assert [each["index"] for each in answer["data"]] == [0, 1]
    assert answer["usage"]["total_tokens"] == 10
    asked = [json.loads(call.body) for call in model.calls]
    assert [(each["query"], each["documents"]) for each in asked] == [
        ("cat", ["kitten"]),
        ("car", ["truck"]),
    ]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None),
        ({"text_1": "cat"}, None),
        ({"text_1": "cat", "documents": ["dog"]}, None),
        ({"text_1": "", "text_2": "dog"}, "text_1"),
        ({"text_1": "cat", "text_2": []}, "text_2"),
        ({"text_1": ["a", "b"], "text_2": ["a", "b", "c"]}, "text_1"),
        ({"text_1": "cat", "text_2": "dog", "max_tokens_per_doc": -1}, "max_tokens_per_doc"),
    ],
)
async def test_texts_that_make_no_pairs_are_refused(
    http: httpx2.AsyncClient, body: dict[str, Any], param: str | None
) -> None:
    assert_openai_error(await http.post(PATH, json=body), 400, param)
