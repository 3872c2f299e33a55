"""Errors about an id in a body name its parameter; of an id in the path there is none."""

from typing import Any

import httpx2
import pytest

from tests.api.spoken import VOICE_CARD
from tests.api.transcriptions import CARD as EAR_CARD
from tests.support.scripted_model import CARD
from wire.card import ModelCard

MESSAGE = {"role": "user", "content": "x"}
STORES = "/v1/vector_stores"


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD, VOICE_CARD, EAR_CARD)


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/v1/responses", {"input": "x", "previous_response_id": "none"}, "previous_response_id"),
        ("/v1/responses", {"input": "x", "conversation": "none"}, "conversation"),
        ("/v1/responses", {"input": "x", "conversation": {"id": "none"}}, "conversation"),
        (
            "/v1/responses/input_tokens",
            {"input": "x", "previous_response_id": "none"},
            "previous_response_id",
        ),
        (
            "/v1/batches",
            {
                "input_file_id": "none",
                "endpoint": "/v1/chat/completions",
                "completion_window": "24h",
            },
            "input_file_id",
        ),
        (STORES, {"file_ids": ["none"]}, "file_ids"),
        (STORES + "/{store}/files", {"file_id": "none"}, "file_id"),
        (STORES + "/{store}/file_batches", {"file_ids": ["none"]}, "file_ids"),
        (STORES + "/{store}/file_batches", {"files": [{"file_id": "none"}]}, "files"),
        ("/v1/threads/{thread}/runs", {"assistant_id": "none"}, "assistant_id"),
        ("/v1/threads/runs", {"assistant_id": "none"}, "assistant_id"),
        ("/v1/text-to-speech/ana", {"text": "x", "model_id": "none"}, "model_id"),
        ("/v1/text-to-speech/ana", {"text": "x", "model": "none"}, "model"),
        ("/v1/text-to-speech/none", {"text": "x"}, "voice_id"),
        ("/v1/chat/completions", {"messages": [MESSAGE], "model": "none"}, "model"),
        ("/v1/responses/none/cancel", None, None),
        ("/v1/threads/none/runs", {"assistant_id": "none"}, "assistant_id"),
        (STORES + "/none/files", {"file_id": "none"}, "vector_store_id"),
    ],
)
async def test_missing_id_is_named_by_its_parameter(
    http: httpx2.AsyncClient, path: str, body: dict[str, Any] | None, param: str | None
) -> None:
    ids = {
        name: (await http.post(f"/v1/{name}s", json={})).json()["id"]
        for name in ("thread", "vector_store")
    }

    answer = await http.post(
        path.format(thread=ids["thread"], store=ids["vector_store"]), json=body
    )

    assert answer.status_code in (400, 404)
    error = answer.json()["error"]
    assert "none" in error["message"]
    assert error["param"] == param
