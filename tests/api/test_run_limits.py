# pyright: reportDeprecated=false
"""Runs at the limit of their prompt, and messages whose files would fail every later run."""

import json
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI
from openai.types.beta.threads import Run

from tests.api.assistants import Turns, assistant, ran
from tests.support.chat_frames import calls, says
from tests.support.scripted_model import CARD
from wire.calls import Call, Reply, Usage
from wire.card import ModelCard
from wire.limits import MAX_RUN_TURNS

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
CONTEXT = 2048


class CountingTurns(Turns):
    """Counts a word as a token, and a tool as a hundred."""

    async def run(self, call: Call) -> Reply:
        asked = json.loads(call.body)
        words = sum(len(message["content"].split()) for message in asked["messages"])
        words += 100 * len(asked.get("tools") or ())
        return Reply(json.dumps({"count": words, "max_model_len": CONTEXT}).encode(), Usage(0))


@pytest.fixture
def cards() -> tuple[ModelCard, ...]:
    return (CARD.model_copy(update={"input_parts": ("text", "image_url")}),)


@pytest.fixture
def model() -> Turns:
    model = CountingTurns()
    model.turns = [says("there")]
    return model


@pytest.fixture
def sdk(http: httpx2.AsyncClient) -> AsyncOpenAI:
    """OpenAI's SDK on the server of ``http``."""
    return AsyncOpenAI(
        base_url="http://test/v1",
        api_key="none",
        http_client=http,
        max_retries=0,
        _strict_response_validation=True,
    )


@pytest.fixture
async def kept(http: httpx2.AsyncClient) -> dict[str, str]:
    """Keep a picture and a text; return their ids."""
    ids = {"nothing": "file-none"}
    for name, data in (("picture", PNG), ("text", b"plain")):
        made = await http.post(
            "/v1/files", data={"purpose": "vision"}, files={"file": (name, data)}
        )
        ids[name] = made.json()["id"]
    return ids


async def test_run_that_calls_tools_for_ever_fails(sdk: AsyncOpenAI, model: Turns) -> None:
    model.turns = [calls(("file_search", '{"query": "x"}'))]

    _, run = await ran(sdk, tools=[{"type": "file_search"}])

    assert run.status == "failed"
    assert run.last_error
    assert f"{MAX_RUN_TURNS} times" in run.last_error.message


async def test_run_above_its_prompt_limit_is_incomplete(sdk: AsyncOpenAI) -> None:
    _, run = await ran(sdk, "word " * 300, max_prompt_tokens=256)

    assert run.status == "incomplete"
    assert run.incomplete_details
    assert run.incomplete_details.reason == "max_prompt_tokens"
    assert run.last_error is None
    assert run.failed_at is None


@pytest.mark.parametrize(("choice", "status"), [("auto", "incomplete"), ("none", "completed")])
async def test_tools_count_in_the_prompt_of_a_run_that_may_call_them(
    sdk: AsyncOpenAI, choice: Any, status: str
) -> None:
    tool: Any = {"type": "function", "function": {"name": "add"}}

    _, run = await ran(sdk, "word " * 200, max_prompt_tokens=256, tools=[tool], tool_choice=choice)

    assert run.status == status


async def test_run_above_the_context_fails_whatever_its_limit(sdk: AsyncOpenAI) -> None:
    _, run = await ran(sdk, "word " * 3000, max_prompt_tokens=2500)

    assert run.status == "failed"
    assert run.last_error
    assert run.last_error.code == "invalid_prompt"


@pytest.mark.parametrize("file", ["nothing", "text"])
@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/threads", "messages"),
        ("/v1/threads/{thread}/messages", ""),
        ("/v1/threads/{thread}/runs", "additional_messages"),
        ("/v1/threads/runs", "thread.messages"),
    ],
)
async def test_message_without_its_picture_is_refused(
    http: httpx2.AsyncClient, kept: dict[str, str], path: str, where: str, file: str
) -> None:
    picture = {"type": "image_file", "image_file": {"file_id": kept[file]}}
    content = [{"type": "text", "text": "See:"}, picture]

    error = await _send(http, path, where, {"role": "user", "content": content})

    begin = f"{where}[1]." if where else ""
    assert error["param"] == f"{begin}content[1].image_file.file_id"
    assert ("no picture" if file == "text" else "file-none") in error["message"]


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/threads", "messages"),
        ("/v1/threads/{thread}/messages", ""),
        ("/v1/threads/{thread}/runs", "additional_messages"),
        ("/v1/threads/runs", "thread.messages"),
    ],
)
async def test_message_without_its_attachment_is_refused(
    http: httpx2.AsyncClient, kept: dict[str, str], path: str, where: str
) -> None:
    tools = [{"type": "file_search"}]
    attached = [{"file_id": kept[name], "tools": tools} for name in ("text", "nothing")]

    error = await _send(
        http, path, where, {"role": "user", "content": "x", "attachments": attached}
    )

    begin = f"{where}[1]." if where else ""
    assert error["param"] == f"{begin}attachments[1].file_id"


async def test_picture_that_is_deleted_later_does_not_end_its_thread(
    sdk: AsyncOpenAI, kept: dict[str, str], model: Turns
) -> None:
    made = await assistant(sdk)
    threads = sdk.beta.threads
    part: Any = {"type": "image_file", "image_file": {"file_id": kept["picture"]}}
    thread = await threads.create(messages=[{"role": "user", "content": [part]}])
    await sdk.files.delete(kept["picture"])

    run = await threads.runs.create_and_poll(
        thread_id=thread.id, assistant_id=made.id, poll_interval_ms=20
    )

    assert run.status == "completed"
    assert "deleted" in json.dumps(model.asked["messages"])


async def test_search_has_the_name_of_the_clients_version(http: httpx2.AsyncClient) -> None:
    first, second = ({"OpenAI-Beta": f"assistants=v{version}"} for version in (1, 2))
    tools = [{"type": "retrieval"}]
    old = await http.post("/v1/assistants", json={"model": "small", "tools": tools}, headers=first)
    tools = [{"type": "file_search", "file_search": {"max_num_results": 3}}]
    new = await http.post("/v1/assistants", json={"model": "small", "tools": tools}, headers=second)
    made = [answer.json()["id"] for answer in (old, new)]

    for headers, name in ((first, "retrieval"), (second, "file_search")):
        listed = await http.get("/v1/assistants", headers=headers)
        assert [each["tools"][0]["type"] for each in listed.json()["data"]] == [name, name]
        for assistant_id in made:
            path = f"/v1/assistants/{assistant_id}"
            for answer in (
                await http.get(path, headers=headers),
                await http.post(path, json={"name": "x"}, headers=headers),
            ):
                assert answer.json()["tools"][0]["type"] == name
            run = {"assistant_id": assistant_id, "tool_choice": {"type": "file_search"}}
            begun = (await http.post("/v1/threads/runs", json=run, headers=headers)).json()
            assert begun["tools"][0]["type"] == begun["tool_choice"]["type"] == name
            streamed = await http.post(
                "/v1/threads/runs", json={**run, "stream": True}, headers=headers
            )
            other = {"retrieval": "file_search", "file_search": "retrieval"}[name]
            assert f'"type":"{name}"' in streamed.text
            assert f'"type":"{other}"' not in streamed.text
    assert (await http.get(f"/v1/assistants/{made[0]}")).json()["tools"][0]["type"] == "retrieval"


async def test_strict_sdk_lists_assistants_and_runs_of_the_first_version(
    http: httpx2.AsyncClient, sdk: AsyncOpenAI
) -> None:
    tools = [{"type": "retrieval"}]
    made = (await http.post("/v1/assistants", json={"model": "small", "tools": tools})).json()
    begun = (await http.post("/v1/threads/runs", json={"assistant_id": made["id"]})).json()
    (listed,) = (await sdk.beta.assistants.list()).data
    (run,) = (await sdk.beta.threads.runs.list(begun["thread_id"])).data

    assert listed.tools[0].type == "file_search"
    assert isinstance(run, Run)
    assert run.tools[0].type == "file_search"


async def _send(
    http: httpx2.AsyncClient, path: str, where: str, message: dict[str, Any]
) -> dict[str, Any]:
    """Send a message where a request has it, as the second where there are several."""
    assistant_id = (await http.post("/v1/assistants", json={"model": "small"})).json()["id"]
    thread_id = (await http.post("/v1/threads")).json()["id"]
    messages = [{"role": "user", "content": "x"}, message]
    body: dict[str, Any] = message
    if where == "thread.messages":
        body = {"thread": {"messages": messages}}
    elif where:
        body = {where: messages}
    if path.endswith("runs"):
        body |= {"assistant_id": assistant_id}
    answer = await http.post(path.format(thread=thread_id), json=body)
    assert answer.status_code == 400, answer.text
    listed = await http.get(f"/v1/threads/{thread_id}/messages")
    assert listed.json()["data"] == []
    return answer.json()["error"]
