"""LocalAI's ``backend``: which of several models with one name answers."""

import json

import httpx2
import pytest

from tests.api.chat import ANSWER, HELLO
from tests.api.errors import assert_openai_error
from tests.support.scripted_model import CARD, ScriptedModel
from wire.calls import Kind
from wire.card import ModelCard

OTHER = ModelCard(id="big", kind=Kind.CHAT, aliases=("gpt-4o",), backend="llama")


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD, OTHER)


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        ({"model": "gpt-4o"}, "small"),
        ({"model": "gpt-4o", "backend": "vllm"}, "small"),
        ({"model": "gpt-4o", "backend": "llama"}, "big"),
        ({"backend": "llama"}, "big"),
    ],
)
async def test_backend_chooses_among_the_models_of_a_name(
    http: httpx2.AsyncClient, model: ScriptedModel, named: dict[str, str], chosen: str
) -> None:
    model.script = [ANSWER]

    answer = await http.post("/v1/chat/completions", json={"messages": HELLO, **named})

    assert answer.status_code == 200
    assert model.asked["model"] == chosen


@pytest.mark.parametrize("named", [{"model": "big"}, {"model": "gpt-4o"}, {}])
async def test_backend_of_no_such_model_is_refused_with_those_there_are(
    http: httpx2.AsyncClient, named: dict[str, str]
) -> None:
    body = {"messages": HELLO, **named, "backend": "espeak-ng"}

    answer = await http.post("/v1/chat/completions", json=body)

    assert_openai_error(answer, 400, "backend")
    assert "'llama'" in json.loads(answer.content)["error"]["message"]
