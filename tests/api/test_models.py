from datetime import UTC, datetime
from typing import Any

import httpx2
import openai
import pytest
from anthropic import AsyncAnthropic
from openai import AsyncOpenAI

from serve_app import __version__
from wire.anthropic.models import ModelInfo, ModelPage
from wire.calls import Kind
from wire.card import ModelCard


async def test_list_has_every_model_with_its_facts(openai_client: AsyncOpenAI) -> None:
    models = (await openai_client.models.list()).data

    assert [model.id for model in models] == ["small", "broken"]
    small = models[0]
    assert (small.object, small.owned_by, small.created) == ("model", "homeport", 1_700_000_000)
    assert small.to_dict()["context_length"] == 512
    assert small.to_dict()["kind"] == "chat"


async def test_failed_model_is_listed_with_its_reason(openai_client: AsyncOpenAI) -> None:
    broken = (await openai_client.models.retrieve("broken")).to_dict()

    assert broken["state"] == "failed"
    assert "Field required" in str(broken["reason"])


async def test_model_is_found_by_alias(openai_client: AsyncOpenAI) -> None:
    assert (await openai_client.models.retrieve("gpt-4o")).id == "small"


async def test_unknown_model_is_not_found(openai_client: AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError):
        await openai_client.models.retrieve("org/name")


async def test_anthropics_client_gets_its_list(claude: AsyncAnthropic) -> None:
    page = await claude.models.list()

    small, _ = page.data
    assert (small.id, small.display_name, small.type) == ("small", "small", "model")
    assert small.created_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (small.lifecycle, small.max_input_tokens) == ("active", 512)
    assert (page.has_more, page.first_id, page.last_id) == (False, "small", "broken")
    assert (await claude.models.retrieve("gpt-4o")).id == "small"


@pytest.mark.parametrize(
    ("query", "ids", "has_more"),
    [
        ({}, ["a", "b", "c"], False),
        ({"limit": 2}, ["a", "b"], True),
        ({"after_id": "a"}, ["b", "c"], False),
        ({"after_id": "a", "limit": 1}, ["b"], True),
        ({"before_id": "c"}, ["a", "b"], False),
        ({"before_id": "c", "limit": 1}, ["b"], True),
        ({"after_id": "c"}, [], False),
    ],
)
def test_anthropics_list_has_pages(query: dict[str, Any], ids: list[str], has_more: bool) -> None:
    card = ModelCard(id="x", kind=Kind.CHAT)
    models = [ModelInfo.of(name, card, 0) for name in "abc"]
    arguments: dict[str, Any] = {"limit": 20, "after_id": None, "before_id": None, **query}

    page = ModelPage.of(models, **arguments)

    assert [model.id for model in page.data] == ids
    assert page.has_more is has_more
    assert (page.first_id, page.last_id) == ((ids[0], ids[-1]) if ids else (None, None))


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=x", "after_id=absent", "before_id=absent"]
)
async def test_wrong_page_of_anthropics_list_is_refused(
    http: httpx2.AsyncClient, query: str
) -> None:
    answer = await http.get(f"/v1/models?{query}", headers={"anthropic-version": "2023-06-01"})

    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert f"'{query.partition('=')[0]}'" in error["message"]


async def test_readyz_says_which_model_is_not_ready(http: httpx2.AsyncClient) -> None:
    answer = await http.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["not_ready"] == ["broken"]
    assert answer.json()["models"] == {"small": "ready", "broken": "failed"}


async def test_healthz_and_version(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/healthz")).status_code == 200
    assert (await http.get("/version")).json() == {"version": __version__}


async def test_openapi_document_describes_the_routes(http: httpx2.AsyncClient) -> None:
    document = (await http.get("/openapi.json")).json()

    assert "/v1/chat/completions" in document["paths"]
