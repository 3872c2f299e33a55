"""Batches through the whole server with the unchanged SDK."""

import json
from typing import Any

import pytest
from openai import OpenAI
from openai.types import Batch, CreateEmbeddingResponse
from openai.types.chat import ChatCompletion

from tests.support.openai_conformance import assert_conforms
from tests.support.waiting import wait_until

CHAT = "/v1/chat/completions"
EMBEDDINGS = "/v1/embeddings"


def line(number: int, url: str, **body: Any) -> str:
    return json.dumps({"custom_id": f"{number}", "method": "POST", "url": url, "body": body})


def chat(number: int, text: str) -> str:
    return line(number, CHAT, model="gpt-4o", messages=[{"role": "user", "content": text}])


def complete(client: OpenAI, endpoint: Any, lines: list[str]) -> Batch:
    file = client.files.create(file=("in.jsonl", "\n".join(lines).encode()), purpose="batch")
    begun = client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h")

    def has_ended() -> bool:
        return client.batches.retrieve(begun.id).status in ("completed", "failed", "expired")

    wait_until(has_ended, 60)
    batch = client.batches.retrieve(begun.id)
    assert batch.status == "completed", batch
    return batch


def read_lines(client: OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    assert file_id
    return [json.loads(each) for each in client.files.content(file_id).text.splitlines()]


def test_batch_is_answered_as_its_requests_would_be(client: OpenAI) -> None:
    questions = ["What is 2+2?", "What is the capital of France?"]
    lines = [chat(number, text) for number, text in enumerate(questions * 10)]

    batch = complete(client, CHAT, [*lines, '{"custom_id":'])

    answers = read_lines(client, batch.output_file_id)
    assert [each["custom_id"] for each in answers] == [f"{number}" for number in range(20)]
    for question, each in zip(questions * 10, answers, strict=True):
        asked = client.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": question}]
        )
        body: ChatCompletion = assert_conforms(ChatCompletion, json.dumps(each["response"]["body"]))
        assert body.choices[0].message.content == asked.choices[0].message.content
    (error,) = read_lines(client, batch.error_file_id)
    assert (error["error"]["code"], error["error"]["line"]) == ("invalid_json_line", 21)
    assert batch.usage
    assert batch.usage.total_tokens == sum(
        each["response"]["body"]["usage"]["total_tokens"] for each in answers
    )


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        (EMBEDDINGS, {"input": "cat"}),
        ("/v1/completions", {"prompt": "The capital of France is", "max_tokens": 4}),
        ("/v1/responses", {"input": "What is 2+2?"}),
    ],
)
def test_batch_may_ask_other_endpoints(client: OpenAI, endpoint: str, body: dict[str, Any]) -> None:
    batch = complete(client, endpoint, [line(0, endpoint, **body)])

    (answer,) = read_lines(client, batch.output_file_id)
    assert answer["response"]["status_code"] == 200
    if endpoint == EMBEDDINGS:
        model = answer["response"]["body"]["model"]
        asked = client.embeddings.create(model=model, input="cat", encoding_format="float")
        made = CreateEmbeddingResponse.model_validate(answer["response"]["body"])
        assert made.data[0].embedding == pytest.approx(asked.data[0].embedding, abs=1e-6)
