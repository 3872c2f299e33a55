"""What assistants, threads and runs answer with is what the OpenAPI document says."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

from tests.api.assistants import Turns
from tests.support.chat_frames import FUNCTION, calls, says
from tests.support.openai_conformance import events
from tests.support.openapi_document import Document
from tests.support.scripted_model import CARD
from tests.support.word_model import CARD as EMBEDDINGS
from tests.support.word_model import answer, fill_store, vector
from wire.calls import Call, Reply, Usage
from wire.card import ModelCard

INCLUDE = "include[]=step_details.tool_calls[*].file_search.results[*].content"
RUNS = "/v1/threads/{thread_id}/runs"
RUN = f"{RUNS}/{{run_id}}"
MESSAGES = "/v1/threads/{thread_id}/messages"

Ask = Callable[..., Awaitable[Any]]


class Librarian(Turns):
    """Answers with turns, and makes vectors."""

    async def run(self, call: Call) -> Reply:
        return Reply(answer([vector(text) for text in json.loads(call.body)["input"]]), Usage(3))


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD, EMBEDDINGS)


@pytest.fixture
def model() -> Turns:
    return Librarian()


@pytest.fixture
async def ask(http: httpx2.AsyncClient) -> Ask:
    """Return a function that sends a request and checks that its answer is declared."""
    document = Document((await http.get("/openapi.json")).json())

    async def ask(method: str, path: str, body: Any = None, query: str = "", **ids: str) -> Any:
        sent = await http.request(method, f"{path.format(**ids)}?{query}", json=body)
        kind = sent.headers["content-type"]
        operation = document.whole["paths"][path][method.lower()]
        assert sent.status_code == 200, sent.text
        document.check_answer(operation, 200, kind, sent.content)
        return sent.json() if kind == "application/json" else sent.text

    return ask


def last_event(text: str) -> tuple[str, dict[str, Any]]:
    """Return name and data of the event before ``done``."""
    name, data = list(events(text))[-2]
    return name, json.loads(data)


async def test_whole_life_of_a_run_is_declared(
    ask: Ask, http: httpx2.AsyncClient, model: Turns
) -> None:
    model.turns = [
        calls(("file_search", '{"query": "whale sea"}')),
        calls(("add", '{"a": 1}')),
        says("It lives in the ", "sea 【0†sea.txt】."),
    ]
    sdk = AsyncOpenAI(base_url="http://test/v1", api_key="none", http_client=http)
    store = await fill_store(sdk, sea=b"The whale lives in the sea. It is a mammal.")
    assistant = await ask(
        "POST",
        "/v1/assistants",
        {
            "model": "small",
            "tools": [{"type": "file_search"}, FUNCTION],
            "tool_resources": {"file_search": {"vector_store_ids": [store]}},
        },
    )
    thread = await ask("POST", "/v1/threads", {"messages": [{"role": "user", "content": "Where?"}]})
    begun = {"assistant_id": assistant["id"], "stream": True}

    told = await ask("POST", RUNS, begun, thread_id=thread["id"])
    name, run = last_event(told)
    assert name == "thread.run.requires_action"
    found = model.asked["messages"][-1]["content"]
    assert found.endswith("Question: Where?"), (
        "a small model forgets the question behind what was found"
    )
    assert "【0†sea.txt】\nThe whale lives in the sea." in found
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    ids = {"thread_id": thread["id"], "run_id": run["id"]}
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "1"}], "stream": True}
    told = await ask("POST", f"{RUN}/submit_tool_outputs", outputs, **ids)

    assert last_event(told)[0] == "thread.run.completed"
    assert (await ask("GET", RUN, **ids))["usage"]["total_tokens"] == 24
    assert (await ask("GET", RUNS, thread_id=thread["id"]))["data"][0]["id"] == run["id"]
    steps = await ask("GET", f"{RUN}/steps", query=f"order=asc&{INCLUDE}", **ids)
    (search,) = steps["data"][0]["step_details"]["tool_calls"]
    assert "whale" in search["file_search"]["results"][0]["content"][0]["text"]
    step = await ask("GET", f"{RUN}/steps/{{step_id}}", step_id=steps["data"][0]["id"], **ids)
    (search,) = step["step_details"]["tool_calls"]
    assert search["file_search"]["results"][0]["content"] is None
    answered, _ = (await ask("GET", MESSAGES, thread_id=thread["id"]))["data"]
    assert [each["type"] for each in answered["content"][0]["text"]["annotations"]] == [
        "file_citation"
    ]
    await ask("POST", RUN, {"metadata": {"a": "b"}}, **ids)


async def test_run_that_is_cancelled_or_fails_is_declared(ask: Ask, model: Turns) -> None:
    model.turns = [calls(("add", "{}"))]
    assistant = await ask("POST", "/v1/assistants", {"model": "small", "tools": [FUNCTION]})
    begun = {"assistant_id": assistant["id"], "stream": True}
    run = last_event(await ask("POST", "/v1/threads/runs", begun))[1]
    await ask("POST", f"{RUN}/cancel", thread_id=run["thread_id"], run_id=run["id"])
    model.turns = [[RuntimeError("broken")]]

    told = await ask("POST", "/v1/threads/runs", begun)

    name, failed = last_event(told)
    assert name == "thread.run.failed"
    assert failed["last_error"]["code"] == "server_error"
    ids = {"thread_id": failed["thread_id"], "run_id": failed["id"]}
    assert (await ask("GET", f"{RUN}/steps", **ids))["data"] == []
    whole = await ask("POST", "/v1/threads/runs", {"assistant_id": assistant["id"]})
    assert whole["status"] == "queued"


async def test_what_is_changed_listed_and_deleted_is_declared(
    ask: Ask, http: httpx2.AsyncClient
) -> None:
    uploaded = await http.post(
        "/v1/files", data={"purpose": "assistants"}, files={"file": ("a.txt", b"a")}
    )
    file_id = uploaded.json()["id"]
    drawn = await http.post(
        "/v1/files", data={"purpose": "vision"}, files={"file": ("a.png", b"\x89PNG")}
    )
    shown = {"file_id": drawn.json()["id"], "detail": "low"}
    picture = {"type": "image_file", "image_file": shown}
    attached = {"file_id": file_id, "tools": [{"type": "file_search"}]}
    said = {"role": "user", "content": [picture], "attachments": [attached]}
    made = await ask("POST", "/v1/assistants", {"model": "small", "reasoning_effort": "low"})
    one, of_one = "/v1/assistants/{assistant_id}", {"assistant_id": made["id"]}
    file = f"{one}/files/{{file_id}}"

    await ask("POST", one, {"tools": [{"type": "retrieval"}], "file_ids": []}, **of_one)
    await ask("GET", one, **of_one)
    await ask("GET", "/v1/assistants")
    await ask("POST", f"{one}/files", {"file_id": file_id}, **of_one)
    await ask("GET", f"{one}/files", **of_one)
    await ask("GET", file, file_id=file_id, **of_one)
    await ask("DELETE", file, file_id=file_id, **of_one)
    await ask("DELETE", one, **of_one)
    thread = {"thread_id": (await ask("POST", "/v1/threads", {}))["id"]}
    message = {**thread, "message_id": (await ask("POST", MESSAGES, said, **thread))["id"]}
    await ask("POST", f"{MESSAGES}/{{message_id}}", {"metadata": {"a": "b"}}, **message)
    await ask("GET", f"{MESSAGES}/{{message_id}}", **message)
    await ask("DELETE", f"{MESSAGES}/{{message_id}}", **message)
    await ask("POST", "/v1/threads/{thread_id}", {"metadata": {"a": "b"}}, **thread)
    await ask("GET", "/v1/threads/{thread_id}", **thread)
    gone = await ask("DELETE", "/v1/threads/{thread_id}", **thread)
    assert gone["deleted"]


async def test_what_is_not_to_be_included_is_refused_by_name(http: httpx2.AsyncClient) -> None:
    url = "/v1/threads/thread_1/runs/run_1/steps?include[]=everything"

    answer = await http.get(url)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "include[0]"
