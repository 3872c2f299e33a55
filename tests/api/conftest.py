"""The whole HTTP application without Ray: a scripted model stands where a Serve handle would."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from anthropic import AsyncAnthropic
from fastapi import FastAPI
from openai import AsyncOpenAI

from serve_app.config import ModerationConfig
from serve_app.ingress import create_api
from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from tests.details import application, details, not_built
from wire.calls import Call, Reply, Usage
from wire.card import ModelCard
from wire.errors import APIError

KEY = "sk-right"
CARD = ModelCard(id="small", kind="chat", aliases=("gpt-4o",), context_length=512, backend="vllm")


def chunk(text: str) -> bytes:
    """Return one event of a chat stream."""
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "small",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}],
    }
    return f"data: {json.dumps(body)}\n\n".encode()


class ScriptedModel:
    """Plays the pieces of its script, raising those that are errors; keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.script: list[bytes | Usage | Reply | Exception] = []

    @property
    def asked(self) -> dict[str, Any]:
        """The body of the last call."""
        return json.loads(self.calls[-1].body)

    async def run(self, call: Call) -> Reply:
        self.calls.append(call)
        piece = self.script[0]
        if isinstance(piece, Exception):
            raise piece
        if isinstance(piece, Reply):
            return piece
        assert isinstance(piece, bytes)
        return Reply(piece, Usage(3, 4))

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        self.calls.append(call)
        for piece in self.script:
            if isinstance(piece, Exception):
                raise piece
            assert not isinstance(piece, Reply)
            yield piece


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
        keys: frozenset[str] = frozenset(), max_body_bytes: int = 2**20, **more: Any
    ) -> FastAPI:
        registry = Registry(read, make_handle, poll_interval_s=1, cold_start_timeout_s=1)
        return create_api(
            registry, keys, max_body_bytes=max_body_bytes, moderation=moderation, **more
        )

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


def connect(api: FastAPI) -> httpx2.AsyncClient:
    """Return a client of an application in this process, whose failures are answers."""
    transport = httpx2.ASGITransport(api, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


def overloaded(error: type[APIError]) -> APIError:
    """Return an error that says when to come back."""
    return error("Too much.", None, 7)
