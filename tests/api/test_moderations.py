"""Moderations: what the configured model is asked, and what becomes of how sure it is."""

import json
import math
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI
from openai.types import ModerationCreateResponse

from serve_app.config import ModerationConfig
from tests.api.errors import assert_openai_error
from tests.support.openai_conformance import assert_conforms
from tests.support.scripted_model import ScriptedModel
from wire.openai.moderations import CATEGORIES

PATH = "/v1/moderations"


@pytest.fixture
def moderation() -> ModerationConfig:
    return ModerationConfig(model="gpt-4o", threshold=0.6)


def sure(yes: float, no: float) -> bytes:
    """Return the answer of a model that says yes with this probability."""
    tokens = {"yes": yes, " No": no, "maybe": 1 - yes - no}
    top = [
        {"token": t, "logprob": math.log(max(p, 1e-9)), "bytes": None} for t, p in tokens.items()
    ]
    first = {**top[0], "top_logprobs": top}
    message = {"role": "assistant", "content": "yes" if yes > no else "no"}
    choice = {"index": 0, "message": message, "logprobs": {"content": [first]}}
    return json.dumps({"choices": [choice]}).encode()


@pytest.mark.parametrize(("yes", "no", "flagged"), [(0.6, 0.2, True), (0.2, 0.2, False)])
async def test_text_is_judged_by_how_sure_the_model_is_of_yes(
    http: httpx2.AsyncClient, model: ScriptedModel, yes: float, no: float, flagged: bool
) -> None:
    model.script = [sure(yes, no)]

    answer = await http.post(PATH, json={"input": "I will find you."})

    judged = assert_conforms(ModerationCreateResponse, answer.content)
    assert judged.model == "small"
    (result,) = judged.results
    assert result.flagged is flagged
    assert result.categories.violence_graphic is flagged
    assert result.category_scores.hate == pytest.approx(yes / (yes + no), abs=1e-6)
    assert len(model.calls) == len(CATEGORIES)
    assert "I will find you." in model.asked["messages"][0]["content"]
    assert model.asked["structured_outputs"] == {"choice": ["yes", "no"]}


async def test_each_text_of_a_list_is_judged_and_parts_are_one_text(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [sure(0.1, 0.9)]

    texts = await openai_client.moderations.create(input=["a", "b"], model="omni-moderation-latest")
    two: list[Any] = [{"type": "text", "text": "a"}] * 2
    parts = await openai_client.moderations.create(input=two)

    assert [result.flagged for result in texts.results] == [False, False]
    assert len(parts.results) == 1


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a"] * 33}, "input"),
        ({"input": [{"type": "image_url", "image_url": {"url": "x"}}]}, "input[0].type"),
    ],
)
async def test_what_cannot_be_judged_is_refused(
    http: httpx2.AsyncClient, model: ScriptedModel, body: Any, param: str
) -> None:
    assert_openai_error(await http.post(PATH, json=body), 400, param)
    assert not model.calls


async def test_model_that_does_not_judge_is_not_found(openai_client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        await openai_client.moderations.create(input="a", model="other")


class TestWithoutAModel:
    @pytest.fixture
    def moderation(self) -> ModerationConfig:
        return ModerationConfig()

    async def test_nobody_judges(self, http: httpx2.AsyncClient) -> None:
        answer = await http.post(PATH, json={"input": "a"})

        assert_openai_error(answer, 404, "model")
        assert "moderation.model" in answer.text
