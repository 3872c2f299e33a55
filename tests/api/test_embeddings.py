import base64
import json
import struct
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from tests.api.errors import assert_openai_error
from tests.support import scripted_model as chat
from tests.support.scripted_model import ScriptedModel, overloaded
from wire.calls import Kind, Operation
from wire.card import ModelCard
from wire.errors import ModelOverloadedError

PATH = "/v1/embeddings"
CARD = ModelCard(
    id="vec",
    kind=Kind.EMBEDDINGS,
    aliases=("text-embedding-ada-002",),
    backend="sentence-transformers",
    dimensions=2,
)


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (chat.CARD, CARD)


def answer(*vectors: Any) -> bytes:
    """Return an engine's answer."""
    data = [
        {"object": "embedding", "index": index, "embedding": vector}
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": 3, "total_tokens": 3}
    return json.dumps({"object": "list", "data": data, "model": "vec", "usage": usage}).encode()


async def test_embeddings_by_alias_come_as_the_sdk_asks(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [answer(base64.b64encode(struct.pack("<2f", 0.5, -0.25)).decode())]

    vectors = await openai_client.embeddings.create(model="text-embedding-ada-002", input="cat")

    assert vectors.data[0].embedding == [0.5, -0.25]
    assert vectors.usage.prompt_tokens == 3
    assert model.calls[0].operation == Operation.EMBEDDINGS
    assert model.asked == {"model": "vec", "input": ["cat"], "encoding_format": "base64"}


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ("cat", ["cat"]),
        (["cat", "dog"], ["cat", "dog"]),
        ([1, 2], [[1, 2]]),
        ([[1, 2], [3]], [[1, 2], [3]]),
        (["cat", [1, 2]], ["cat", [1, 2]]),
        ("\0", ["\0"]),
    ],
)
async def test_input_of_any_form_reaches_the_engine_as_a_list(
    http: httpx2.AsyncClient, model: ScriptedModel, sent: Any, asked: list[Any]
) -> None:
    model.script = [answer([1.0])]

    response = await http.post("/embeddings", json={"input": sent})

    assert response.status_code == 200
    assert model.asked["input"] == asked


async def test_path_of_older_sdks_names_the_model(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [answer([1.0])]

    found = await http.post("/v1/engines/text-embedding-ada-002/embeddings", json={"input": "x"})
    missing = await http.post("/v1/engines/nope/embeddings", json={"input": "x"})

    assert found.status_code == 200
    assert_openai_error(missing, 404, "model")


@pytest.mark.parametrize(
    ("body", "param", "says"),
    [
        ({}, "input", "Missing"),
        ({"input": None}, "input", "null"),
        ({"input": 3}, "input", "3"),
        ({"input": "x", "stream": True}, "stream", "true"),
        ({"input": "x", "response_format": "json"}, "response_format", "json"),
        ({"input": {"a": 1}}, "input", "an object"),
        ({"input": ""}, "input", "empty"),
        ({"input": []}, "input", "1 to 2048"),
        ({"input": [""]}, "input", "input[0] is empty"),
        ({"input": ["a", ""]}, "input", "input[1] is empty"),
        ({"input": [[]]}, "input", "input[0] is empty"),
        ({"input": ["a", None]}, "input", "input[1] is null"),
        ({"input": ["a", 3]}, "input", "input[1] is 3"),
        ({"input": [True]}, "input", "input[0] is true"),
        ({"input": [[1.5]]}, "input", "input[0]"),
        ({"input": [["a"]]}, "input", "input[0]"),
        ({"input": ["a"] * 2049}, "input", "2049"),
        ({"input": [1] * 300_001}, "input", "at most 300000 token ids are allowed"),
        ({"input": [[1] * 150_000, "a", [2] * 150_001]}, "input", "received 300001"),
        ({"input": "a", "encoding_format": "int8"}, "encoding_format", "'base64'"),
        ({"input": "a", "dimensions": 0}, "dimensions", "0"),
        ({"input": "a", "dimensions": -1}, "dimensions", "-1"),
        ({"input": "a", "dimensions": "many"}, "dimensions", "many"),
        ({"input": "a", "input_type": 3}, "input_type", "3"),
        ({"input": "a", "backend": "llama"}, "backend", "sentence-transformers"),
        ({"input": "a", "temperature": 0.5}, "temperature", "/v1/chat/completions"),
        ({"messages": [{"role": "user", "content": "x"}], "input": "a"}, "messages", "/v1/chat"),
        ({"input": "a", "model": "gpt-4o"}, "model", "is for chat, not for embeddings"),
    ],
)
async def test_wrong_field_of_embeddings_is_named(
    http: httpx2.AsyncClient, body: dict[str, Any], param: str, says: str
) -> None:
    response = await http.post(PATH, json=body)
    status = 404 if param == "model" else 400

    assert says in assert_openai_error(response, status, param)


async def test_lone_surrogate_in_input_is_refused(http: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json"}

    response = await http.post(PATH, content=b'{"input": "\\ud800"}', headers=headers)

    assert_openai_error(response, 400)


async def test_full_queue_of_embeddings_says_when_to_come_back(
    openai_client: AsyncOpenAI, model: ScriptedModel
) -> None:
    model.script = [overloaded(ModelOverloadedError)]

    with pytest.raises(openai.RateLimitError) as raised:
        await openai_client.embeddings.create(model="vec", input="cat")

    assert raised.value.response.headers["retry-after"] == "7"
