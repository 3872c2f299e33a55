"""A model that plays a script where a Serve handle would stand, and an in-process client."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
from fastapi import FastAPI

from wire.calls import Call, Kind, Reply, Usage
from wire.card import ModelCard
from wire.errors import APIError
from wire.operations import decode_body

KEY = "sk-right"

CARD = ModelCard(
    id="small", kind=Kind.CHAT, aliases=("gpt-4o",), context_length=512, backend="vllm"
)


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
        decode_body(call)  # the ingress keeps to the contract
        self.calls.append(call)
        piece = self.script[0]
        if isinstance(piece, Exception):
            raise piece
        if isinstance(piece, Reply):
            return piece
        assert isinstance(piece, bytes)
        return Reply(piece, Usage(3, 4))

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        decode_body(call)  # the ingress keeps to the contract
        self.calls.append(call)
        for piece in self.script:
            if isinstance(piece, Exception):
                raise piece
            assert not isinstance(piece, Reply)
            yield piece


def connect(api: FastAPI) -> httpx2.AsyncClient:
    """Return a client of an application in this process, whose failures are answers."""
    transport = httpx2.ASGITransport(api, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url="http://test")


def overloaded(error: type[APIError]) -> APIError:
    """Return an error that says when to come back."""
    return error("Too much.", None, 7)
