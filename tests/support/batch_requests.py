"""Files of requests, and a model that answers their lines."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.types import Batch

from serve_app.jobs import worker as jobs
from serve_app.models import retrying
from tests.support.scripted_model import ScriptedModel
from tests.support.waiting import read_until
from wire.calls import Call, Reply, Usage
from wire.errors import ModelOverloadedError, ReplicaLostError

CHAT = "/v1/chat/completions"
ENDED = ("completed", "failed", "expired", "cancelled")


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither wait long for a busy model nor look seldom at a job."""
    monkeypatch.setattr(retrying, "FIRST_PAUSE_S", 0.001)
    for error in (ModelOverloadedError, ReplicaLostError):
        monkeypatch.setattr(error, "usual_retry_after_s", 0)
    monkeypatch.setattr(retrying, "FIND_FOR_S", 0)
    monkeypatch.setattr(jobs, "RENEW_EVERY_S", 0.01)


class BatchModel(ScriptedModel):
    """Answers with what it was asked; texts in ``troubles`` first raise what they are mapped to."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: dict[str, list[Exception]] = {}
        self.waits_at: str | None = None
        self.arrived = asyncio.Event()

    async def run(self, call: Call) -> Reply:
        self.calls.append(call)
        text = self.asked["messages"][-1]["content"]
        if text == self.waits_at:
            self.arrived.set()
            await asyncio.Event().wait()
        if troubles := self.troubles.get(text):
            raise troubles.pop(0)
        return Reply(answer(text), Usage(3, 4))


def answer(text: str) -> bytes:
    message = {"role": "assistant", "content": text.upper()}
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "small",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }
    return json.dumps(body).encode()


def line(custom_id: str, text: str = "hello", **fields: Any) -> dict[str, Any]:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    return {"custom_id": custom_id, "method": "POST", "url": CHAT, "body": body, **fields}


def jsonl(lines: Sequence[dict[str, Any] | str]) -> bytes:
    texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    return "\n".join(texts).encode()


async def begin(
    client: AsyncOpenAI, lines: Sequence[dict[str, Any] | str], endpoint: Any = CHAT, **fields: Any
) -> Batch:
    file = await client.files.create(file=("in.jsonl", jsonl(lines)), purpose="batch")
    return await client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", **fields
    )


async def wait_for_end(client: AsyncOpenAI, batch: Batch) -> Batch:
    return await read_until(
        lambda: client.batches.retrieve(batch.id), lambda batch: batch.status in ENDED
    )


async def until_answered(client: AsyncOpenAI, batch: Batch, count: int) -> None:
    await read_until(
        lambda: client.batches.retrieve(batch.id),
        lambda batch: bool(batch.request_counts) and batch.request_counts.completed >= count,
    )


async def read_lines(client: AsyncOpenAI, file_id: str | None) -> list[dict[str, Any]]:
    assert file_id
    content = await client.files.content(file_id)
    return [json.loads(each) for each in content.text.splitlines()]
