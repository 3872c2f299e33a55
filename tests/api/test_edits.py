import json

import httpx2
import pytest

from tests.api.chat import ANSWER
from tests.api.errors import assert_openai_error
from tests.support.scripted_model import ScriptedModel


async def test_edit_asks_for_the_instruction_on_the_text(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [ANSWER]

    body = {"instruction": "Make it loud.", "input": "hello", "temperature": 0.5, "n": 2}
    answer = (await http.post("/v1/edits", json=body)).json()

    assert answer == {
        "object": "edit",
        "created": 1,
        "choices": [{"text": "hello", "index": 0}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
    assert model.asked == {
        "model": "small",
        "messages": [{"role": "user", "content": "Make it loud.\n\nhello"}],
        "temperature": 0.5,
        "n": 2,
    }
    assert model.calls[0].slots == 2


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "hello"}, "instruction"),
        ({"instruction": "", "input": "hello"}, "instruction"),
        ({"instruction": "Shout.", "stream": True}, "stream"),
        ({"instruction": "Shout.", "size": "256x256"}, "size"),
        ({"instruction": "Shout.", "temperature": 3}, "temperature"),
        ({"instruction": "Shout.", "max_tokens": -1}, "max_tokens"),
    ],
)
async def test_edit_that_cannot_be_made_is_refused_by_name(
    http: httpx2.AsyncClient, body: object, param: str
) -> None:
    assert_openai_error(await http.post("/v1/edits", json=body), 400, param)


async def test_edit_of_no_tokens_has_no_limit_as_in_chat(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [ANSWER]

    answer = await http.post("/v1/edits", json={"instruction": "Shout.", "max_tokens": 0})

    assert answer.status_code == 200
    assert "max_tokens" not in model.asked


async def test_path_of_an_engine_names_the_model_of_a_completion(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [json.dumps({"choices": []}).encode()]

    body = {"prompt": "2 + 2 =", "model": "other"}
    answer = await http.post("/v1/engines/gpt-4o/completions", json=body)

    assert answer.status_code == 200
    assert model.asked == {"model": "small", "prompt": "2 + 2 ="}
