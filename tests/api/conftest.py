"""The whole HTTP application without Ray: a scripted model stands where a Serve handle would."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from anthropic import AsyncAnthropic
from fastapi import FastAPI
from openai import AsyncOpenAI

from serve_app.config import ModerationConfig
from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from serve_app.storage.database import Database
from tests.support.application import create_test_api
from tests.support.scripted_model import CARD, KEY, ScriptedModel, connect
from tests.support.serve_details import application, details, not_built
from wire.card import ModelCard


@pytest.fixture(autouse=True)
async def no_task_is_left() -> AsyncIterator[None]:
    """Fail a test after which a task still runs. Set up before all other fixtures."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


CreateApi = Callable[..., FastAPI]


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    """The models that are served. A test module of another kind has its own."""
    return (CARD,)


@pytest.fixture
def moderation() -> ModerationConfig:
    """Who judges texts: nobody, but in the module that asks for it."""
    return ModerationConfig()


@pytest.fixture
def create(
    model: ScriptedModel, cards: tuple[ModelCard, ...], moderation: ModerationConfig
) -> CreateApi:
    """Return a function that builds the application with keys and limits of the test's choice."""

    async def read() -> dict[str, Any]:
        return details(
            **{card.id: application(card) for card in cards},
            broken=not_built(
                "DEPLOY_FAILED", "ValueError: model: Field required", kind="chat", model_id="broken"
            ),
        )

    def make_handle(_: ServedModel) -> ScriptedModel:
        return model

    def create(
        keys: frozenset[str] = frozenset(), database: Database | None = None, **settings: Any
    ) -> FastAPI:
        registry = Registry(
            read,
            make_handle,
            poll_interval_s=1,
            cold_start_timeout_s=1,
            share_prompt_cache=settings.get("share_prompt_cache", False),
        )
        return create_test_api(registry, keys, database, moderation=moderation, **settings)

    return create


@pytest.fixture
async def http(create: CreateApi) -> AsyncIterator[httpx2.AsyncClient]:
    """A plain client of a server without keys."""
    api = create()
    async with api.router.lifespan_context(api), connect(api) as client:
        yield client


@pytest.fixture
async def openai_client(create: CreateApi) -> AsyncIterator[AsyncOpenAI]:
    """OpenAI's SDK on a server that wants a key."""
    api = create(frozenset({KEY}))
    async with api.router.lifespan_context(api), connect(api) as client:
        yield AsyncOpenAI(base_url="http://test/v1", api_key=KEY, http_client=client, max_retries=0)


@pytest.fixture
async def two_keys(create: CreateApi) -> AsyncIterator[tuple[AsyncOpenAI, AsyncOpenAI]]:
    """OpenAI's SDK with the keys of two owners on one server."""
    keys = (KEY, "sk-another")
    api = create(frozenset(keys))
    async with api.router.lifespan_context(api), connect(api) as client:
        one, other = (
            AsyncOpenAI(base_url="http://test/v1", api_key=key, http_client=client, max_retries=0)
            for key in keys
        )
        yield one, other


@pytest.fixture
async def claude(create: CreateApi) -> AsyncIterator[AsyncAnthropic]:
    """Anthropic's SDK on a server that wants a key."""
    api = create(frozenset({KEY}))
    async with api.router.lifespan_context(api), connect(api) as client:
        yield AsyncAnthropic(base_url="http://test", api_key=KEY, http_client=client, max_retries=0)
