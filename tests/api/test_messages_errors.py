"""What goes wrong in Messages is told as Anthropic tells it, and only there."""

from typing import Any

import anthropic
import httpx2
import pytest
from anthropic import AsyncAnthropic, beta_async_tool
from anthropic.types.shared import ErrorResponse
from pydantic_core import to_json

from tests.api.messages import EVENTS, HELLO, MESSAGE, TOOL, read_error
from tests.support.openai_conformance import assert_conforms, events
from tests.support.scripted_model import ScriptedModel
from wire.errors import (
    APIError,
    ContextLengthError,
    InvalidRequestError,
    ModelFailedError,
    ModelLoadingError,
    ModelOverloadedError,
    ReplicaLostError,
)


@pytest.mark.parametrize(
    ("error", "raised", "kind"),
    [
        (ContextLengthError("Too long."), anthropic.BadRequestError, "invalid_request_error"),
        (ModelOverloadedError("Full.", None, 7), anthropic.OverloadedError, "overloaded_error"),
        (
            ModelLoadingError("Loading.", None, 7),
            anthropic.ServiceUnavailableError,
            "overloaded_error",
        ),
        (ReplicaLostError("Lost.", None, 7), anthropic.ServiceUnavailableError, "overloaded_error"),
        (ModelFailedError("Failed."), anthropic.ServiceUnavailableError, "api_error"),
        (RuntimeError("secret path /etc/x"), anthropic.InternalServerError, "api_error"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_error_before_the_first_event_is_the_sdks_exception(
    claude: AsyncAnthropic,
    model: ScriptedModel,
    error: Exception,
    raised: type[anthropic.APIStatusError],
    kind: str,
    stream: bool,
) -> None:
    model.script = [error]

    with pytest.raises(raised) as caught:
        await claude.messages.create(model="small", max_tokens=5, messages=HELLO, stream=stream)

    assert type(caught.value) is raised
    assert caught.value.type == kind
    assert "secret" not in caught.value.message
    assert caught.value.request_id
    retry_after = error.retry_after_s if isinstance(error, APIError) else None
    assert caught.value.response.headers.get("retry-after") == (
        None if retry_after is None else str(retry_after)
    )


async def test_conversation_that_is_too_long_is_told_in_the_words_that_agents_look_for(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [ContextLengthError("5000 tokens are more than 512.")]

    answer = await http.post("/v1/messages", json={"max_tokens": 5, "messages": HELLO})

    assert read_error(answer, 400, "invalid_request_error").startswith("prompt is too long: 5000")


@pytest.mark.parametrize("stream", [False, True])
async def test_tool_runner_goes_on_without_a_thread(
    claude: AsyncAnthropic, model: ScriptedModel, stream: bool
) -> None:
    @beta_async_tool
    async def add(a: int, b: int) -> str:
        """Add two numbers."""
        return str(a + b)

    model.script = [*EVENTS] if stream else [to_json(MESSAGE)]

    runner = claude.beta.messages.tool_runner(
        model="small", max_tokens=5, messages=HELLO, tools=[add], stream=stream
    )

    assert (await runner.until_done()).content[0].to_dict()["text"] == "hello"
    assert len(model.calls) == 1


async def test_thread_is_refused_with_the_details_that_the_sdk_reads(
    http: httpx2.AsyncClient,
) -> None:
    thread = {"type": "create"}

    answer = await http.post(
        "/v1/messages", json={"max_tokens": 5, "messages": HELLO, "thread": thread}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == {
        "error_code": "thread_unsupported_request",
        "unsupported": ["thread"],
    }


async def test_message_names_the_member_at_fault(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [InvalidRequestError("Invalid JSON schema.", "output_config.format")]

    answer = await http.post("/v1/messages", json={"max_tokens": 5, "messages": HELLO})

    message = read_error(answer, 400, "invalid_request_error")
    assert message == "output_config.format: Invalid JSON schema."


async def test_error_after_the_first_event_is_the_streams_last(
    http: httpx2.AsyncClient, model: ScriptedModel
) -> None:
    model.script = [*EVENTS[:3], ReplicaLostError("The replica ended.", None, 1)]

    answer = await http.post(
        "/v1/messages", json={"max_tokens": 5, "messages": HELLO, "stream": True}
    )

    *before, (name, data) = events(answer.text)
    error = assert_conforms(ErrorResponse, data)
    assert [before_it for before_it, _ in before] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
    ]
    assert name == "error"
    assert (error.error.type, error.error.message) == ("overloaded_error", "The replica ended.")
    assert error.request_id == answer.headers["request-id"]


async def test_error_in_a_stream_is_raised_by_the_sdk(
    claude: AsyncAnthropic, model: ScriptedModel
) -> None:
    model.script = [*EVENTS[:3], RuntimeError("secret path /etc/x")]

    with pytest.raises(anthropic.APIStatusError) as caught:
        async with claude.messages.stream(model="small", max_tokens=5, messages=HELLO) as stream:
            await stream.get_final_message()

    assert caught.value.type == "api_error"
    assert "secret" not in caught.value.message
    assert str(caught.value.request_id) in caught.value.message


async def test_missing_key_is_the_sdks_authentication_error(claude: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.AuthenticationError) as caught:
        await claude.with_options(api_key="wrong").messages.create(
            model="small", max_tokens=5, messages=HELLO
        )

    assert caught.value.type == "authentication_error"
    assert caught.value.request_id


async def test_unknown_model_is_the_sdks_not_found_error(claude: AsyncAnthropic) -> None:
    with pytest.raises(anthropic.NotFoundError, match="small") as caught:
        await claude.messages.count_tokens(model="nope", messages=HELLO)

    assert caught.value.type == "not_found_error"


async def test_batches_which_are_not_there_are_the_sdks_not_found_error(
    claude: AsyncAnthropic,
) -> None:
    with pytest.raises(anthropic.NotFoundError):
        await claude.messages.batches.retrieve("batch_1")


@pytest.mark.parametrize("prefix", ["", "/v1"])
async def test_errors_of_the_server_itself_are_in_anthropics_shape(
    http: httpx2.AsyncClient, prefix: str
) -> None:
    url = f"{prefix}/messages"
    json_type = {"content-type": "application/json"}

    broken = await http.post(url, content=b"{", headers=json_type)
    untyped = await http.post(url, content=b"x", headers={"content-type": "text/plain"})
    huge = await http.post(url, content=b"x", headers={"content-length": "100000000"})
    unknown = await http.post(f"{url}/nope", json={})
    wrong = await http.get(f"{url}/count_tokens")

    assert "JSON" in read_error(broken, 400, "invalid_request_error")
    assert "application/json" in read_error(untyped, 415, "invalid_request_error")
    assert "1048576" in read_error(huge, 413, "request_too_large")
    assert "nope" in read_error(unknown, 404, "not_found_error")
    assert "POST" in read_error(wrong, 405, "invalid_request_error")
    assert wrong.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messagesx", "/v1/x/messages"])
async def test_errors_elsewhere_stay_in_openais_shape(http: httpx2.AsyncClient, path: str) -> None:
    answer = await http.post(path, json={"max_tokens": 5})

    assert set(answer.json()) == {"error"}
    assert "request-id" not in answer.headers


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages[0].content"),
        ({"temperature": 1.5}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"stop_sequences": "x"}, "stop_sequences"),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"tools": [{"name": "a b", "input_schema": {}}]}, "tools[0].name"),
        ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
        ({"tools": [TOOL, TOOL]}, "tools"),
        ({"tools": [{**TOOL, "defer_loading": True}]}, "tools[0].defer_loading"),
        ({"tools": [{"type": "web_search_20250305", "name": "s"}]}, "web_search_20250305"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "bash_20250124"),
        ({"tool_choice": {"type": "any"}}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "g"}}, "tool_choice.name"),
        ({"tools": [TOOL], "tool_choice": "auto"}, "tool_choice"),
        ({"thinking": {"type": "enabled"}}, "thinking"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking.budget_tokens"),
        ({"thinking": {"type": "between_tools"}}, "thinking.type"),
        ({"output_config": {"effort": "huge"}}, "output_config.effort"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
            "output_config.format.schema",
        ),
        ({"output_config": {"task_budget": {"type": "tokens"}}}, "output_config.task_budget"),
        ({"container": "c"}, "container"),
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"context_management": {"edits": [{"type": "x"}]}}, "context_management.edits[0].type"),
        ({"compaction": {}}, "compaction"),
        ({"inference_geo": "eu"}, "inference_geo"),
        ({"backend": "llama"}, "backend"),
    ],
)
async def test_field_that_cannot_be_honoured_is_refused_by_name(
    http: httpx2.AsyncClient, model: ScriptedModel, fields: dict[str, Any], says: str
) -> None:
    body = {"max_tokens": 5, "messages": HELLO, **fields}

    answer = await http.post("/v1/messages", json={k: v for k, v in body.items() if v is not None})

    assert says in read_error(answer, 400, "invalid_request_error")
    assert not model.calls
