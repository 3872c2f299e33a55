import httpx2
import openai
import pytest
from openai import AsyncOpenAI

from serve_app import __version__


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
