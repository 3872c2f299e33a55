"""A model of each kind that gives an SDK's methods what they need."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import FastAPI

from serve_app.config import ModerationConfig
from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from tests.api.answering import CARDS, CHAT, AnsweringModel
from tests.support.application import create_test_api
from tests.support.chat_frames import calls, says
from tests.support.scripted_model import KEY
from tests.support.serve_details import application, details
from wire.calls import Call, Operation, Reply, Usage

FUNCTION: Any = {
    "type": "function",
    "function": {"name": "add", "parameters": {"type": "object", "properties": {}}},
}
"""A function that runs call before they answer."""
WAITING = "Wait."
"""A text for which the model waits until it is cancelled."""
RESPONSE_USAGE = {
    "input_tokens": 3,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 4,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 7,
}
ANSWER = {"word": "yes"}
"""What the model answers to a schema."""


class SdkModel(AnsweringModel):
    """Calls the function above, and answers schemas by objects."""

    def __init__(self, waiting: str | None) -> None:
        super().__init__()
        self._waiting = waiting

    async def run(self, call: Call) -> Reply:
        if self._waiting is not None and self._waiting in call.body.decode():
            await asyncio.Event().wait()
        body = json.loads(call.body)
        if call.operation == Operation.EMBEDDINGS and body.get("encoding_format") == "base64":
            data = [
                {"object": "embedding", "index": index, "embedding": "AAAAPwAAAD8="}
                for index in range(len(body["input"]))
            ]
            usage = {"prompt_tokens": 3, "total_tokens": 3}
            answer = {"object": "list", "data": data, "model": "embed", "usage": usage}
            return Reply(json.dumps(answer).encode(), Usage(3))
        if call.operation == Operation.CHAT_COMPLETION and _has_schema(body):
            return Reply(json.dumps(_answer_in_json()).encode(), Usage(3, 4))
        reply = await super().run(call)
        if call.operation == Operation.MESSAGE and _has_format(body):
            return Reply(_answer_in_object(reply.body), reply.usage)
        if call.operation == Operation.RESPONSE:
            return Reply(_complete(reply.body, body), reply.usage)
        return reply

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        body = json.loads(call.body)
        if call.operation == Operation.MESSAGE and _has_format(body):
            async for piece in super().stream(call):
                yield _answer_in_object(piece) if isinstance(piece, bytes) else piece
            return
        if call.operation == Operation.RESPONSE:
            async for piece in super().stream(call):
                yield _complete(piece, body) if isinstance(piece, bytes) else piece
            return
        if call.operation != Operation.CHAT_COMPLETION:
            pieces = super().stream(call)
        elif FUNCTION["function"]["name"] in call.body.decode() and _is_new(body):
            pieces = _play(calls(("add", '{"a": 1}')))
        else:
            pieces = _play(says(json.dumps(ANSWER) if _has_schema(body) else "yes"))
        async for piece in pieces:
            yield piece


def _has_schema(body: dict[str, Any]) -> bool:
    return (body.get("response_format") or {}).get("type") == "json_schema"


def _has_format(body: dict[str, Any]) -> bool:
    """Whether a message is to be an object."""
    return bool((body.get("output_config") or {}).get("format"))


def _answer_in_object(data: bytes) -> bytes:
    answer = json.dumps(json.dumps(ANSWER)).encode()
    return data.replace(b'"hello"', answer).replace(b'"hel"', answer).replace(b'"lo"', b'""')


def _is_new(body: dict[str, Any]) -> bool:
    """Whether no function was called yet."""
    return body["messages"][-1]["role"] == "user" and body.get("tool_choice") != "none"


def _answer_in_json() -> dict[str, Any]:
    choice = CHAT["choices"][0]
    message = {**choice["message"], "content": json.dumps(ANSWER)}
    return {**CHAT, "choices": [{**choice, "message": message}]}


def _complete(data: bytes, body: dict[str, Any]) -> bytes:
    """Return a response with an item of its own, and with an object if a schema is given."""
    data = data.replace(b"msg_1", b"msg_" + body["request_id"].encode())
    data = data.replace(b'"usage": null', b'"usage": ' + json.dumps(RESPONSE_USAGE).encode())
    if (body.get("text") or {}).get("format", {}).get("type") != "json_schema":
        return data
    return data.replace(b'"text": "yes"', b'"text": ' + json.dumps(json.dumps(ANSWER)).encode())


async def _play(script: list[bytes | Usage]) -> AsyncGenerator[bytes | Usage]:
    for piece in script:
        yield piece


def create_sdk_api(waiting: str | None = WAITING) -> FastAPI:
    """Return a server that requires a key, with a model of each kind.

    A text of ``waiting`` is one that its model does not answer.
    """
    model = SdkModel(waiting)

    async def read() -> dict[str, Any]:
        return details(**{card.id: application(card) for card in CARDS})

    def make_handle(_: ServedModel) -> SdkModel:
        return model

    registry = Registry(read, make_handle, poll_interval_s=1, cold_start_timeout_s=1)
    return create_test_api(registry, frozenset({KEY}), moderation=ModerationConfig(model="small"))
