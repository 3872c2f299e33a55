"""What is large without its request being so is encoded apart from the event loop, like one."""

import threading
from typing import Any

import httpx2
import pytest

from serve_app.models import calls
from tests.support.response_events import whole
from tests.support.scripted_model import ScriptedModel
from tests.support.waiting import until
from wire.limits import MAX_CONVERSATION_ITEMS

PATH = "/v1/responses"


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads in which bodies are encoded for models."""
    names: list[str] = []
    encode = calls.encode_body

    def note(*args: Any) -> bytes:
        names.append(threading.current_thread().name)
        return encode(*args)

    monkeypatch.setattr(calls, "encode_body", note)
    return names


async def create_conversation(http: httpx2.AsyncClient, num_items: int) -> str:
    items = [{"type": "message", "role": "user", "content": "hi"}] * MAX_CONVERSATION_ITEMS
    created = await http.post("/v1/conversations", json={})
    path = f"/v1/conversations/{created.json()['id']}/items"
    for _ in range(num_items // MAX_CONVERSATION_ITEMS):
        await http.post(path, json={"items": items})
    return created.json()["id"]


@pytest.mark.parametrize(("num_items", "is_large"), [(20, False), (100, True)])
async def test_long_history(
    http: httpx2.AsyncClient,
    model: ScriptedModel,
    threads: list[str],
    num_items: int,
    is_large: bool,
) -> None:
    model.script = [whole("Hi.")]
    conversation = await create_conversation(http, num_items)

    answer = await http.post(PATH, json={"input": "x", "conversation": conversation})

    assert answer.status_code == 200
    assert [name.startswith("large") for name in threads] == [is_large]


async def test_background_response(
    http: httpx2.AsyncClient, model: ScriptedModel, threads: list[str]
) -> None:
    model.script = [whole("Hi.")]

    await http.post(PATH, json={"input": "x", "background": True})

    await until(lambda: bool(threads))
    assert threads[0].startswith("large")
