"""Members of bodies that do not exist are refused on every route of stored objects."""

from typing import Any

import httpx2
import pytest

STORES = "/v1/vector_stores"
FILTER = {"type": "eq", "key": "year", "value": 2024}
FUNCTION = {"type": "function", "function": {"name": "add", "parametres": {}}}
BATCH = {"input_file_id": "f", "endpoint": "/v1/responses", "completion_window": "24h"}
MESSAGE = {"role": "user", "content": "hi"}

CASES: list[tuple[str, dict[str, Any], str, str | None]] = [
    (f"{STORES}/x/search", {"query": "x", "filter": FILTER}, "filter", "filters"),
    (
        f"{STORES}/x/search",
        {"query": "x", "filters": {"type": "and", "filters": [{**FILTER, "vaule": 1}]}},
        "filters.filters[0].vaule",
        "filters.filters[0].value",
    ),
    (
        f"{STORES}/x/search",
        {"query": "x", "ranking_options": {"score_treshold": 0.9}},
        "ranking_options.score_treshold",
        "ranking_options.score_threshold",
    ),
    (STORES, {"expire_after": {"days": 1}}, "expire_after", "expires_after"),
    (
        STORES,
        {"expires_after": {"anchor": "last_active_at", "days": 1, "hours": 2}},
        "expires_after.hours",
        None,
    ),
    (
        f"{STORES}/x/files",
        {"file_id": "f", "chunking_strategy": {"type": "auto", "statics": {}}},
        "chunking_strategy.statics",
        "chunking_strategy.static",
    ),
    (f"{STORES}/x/files", {"file_id": "f", "attribute": {}}, "attribute", "attributes"),
    (f"{STORES}/x/files/f", {"attributes": {}, "metadata": {}}, "metadata", None),
    (f"{STORES}/x/file_batches", {"file_ids": ["f"], "attribut": {}}, "attribut", "attributes"),
    (
        f"{STORES}/x/file_batches",
        {"files": [{"file_id": "f", "attribut": {}}]},
        "files[0].attribut",
        "files[0].attributes",
    ),
    ("/v1/assistants", {"model": "small", "instruction": "x"}, "instruction", "instructions"),
    (
        "/v1/assistants",
        {"model": "small", "tools": [FUNCTION]},
        "tools[0].function.parametres",
        "tools[0].function.parameters",
    ),
    (
        "/v1/assistants",
        {
            "model": "small",
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "strct": True}},
        },
        "response_format.json_schema.strct",
        "response_format.json_schema.strict",
    ),
    (
        "/v1/threads",
        {"tool_resources": {"file_search": {"vector_store_id": "vs"}}},
        "tool_resources.file_search.vector_store_id",
        "tool_resources.file_search.vector_store_ids",
    ),
    ("/v1/threads", {"messages": [{**MESSAGE, "nme": "x"}]}, "messages[0].nme", None),
    ("/v1/threads/t/messages", {**MESSAGE, "attachment": []}, "attachment", "attachments"),
    (
        "/v1/threads/t/messages",
        {"role": "user", "content": [{"type": "image_file", "image_file": {"file": "f"}}]},
        "content[0].image_file.file",
        "content[0].image_file.file_id",
    ),
    (
        "/v1/threads/t/runs",
        {"assistant_id": "a", "max_prompt_token": 300},
        "max_prompt_token",
        "max_prompt_tokens",
    ),
    (
        "/v1/threads/t/runs",
        {"assistant_id": "a", "tool_choice": {"type": "file_search", "max_results": 1}},
        "tool_choice.max_results",
        None,
    ),
    (
        "/v1/threads/t/runs",
        {"assistant_id": "a", "truncation_strategy": {"type": "auto", "last_message": 1}},
        "truncation_strategy.last_message",
        "truncation_strategy.last_messages",
    ),
    (
        "/v1/threads/runs",
        {"assistant_id": "a", "thread": {"message": [MESSAGE]}},
        "thread.message",
        "thread.messages",
    ),
    ("/v1/threads/t/runs/r/submit_tool_outputs", {"outputs": []}, "outputs", "tool_outputs"),
    ("/v1/batches", {"output_expire_after": {}}, "output_expire_after", "output_expires_after"),
    (
        "/v1/batches",
        {**BATCH, "output_expires_after": {"anchor": "created_at", "second": 3600}},
        "output_expires_after.second",
        "output_expires_after.seconds",
    ),
    ("/v1/uploads", {"filename": "x", "expire_after": {}}, "expire_after", "expires_after"),
    ("/v1/uploads/u/complete", {"part_ids": ["p"], "md6": "x"}, "md6", "md5"),
    ("/v1/conversations", {"item": []}, "item", "items"),
    ("/v1/conversations/c/items", {"items": [{}], "after": "x"}, "after", None),
    ("/v1/responses", {"input": "x", "max_tokens_output": 5}, "max_tokens_output", None),
    (
        "/v1/responses",
        {"input": "x", "previous_response": "r"},
        "previous_response",
        "previous_response_id",
    ),
    ("/v1/responses/input_tokens", {"input": "x", "instruktions": "y"}, "instruktions", None),
]


@pytest.mark.parametrize(("path", "body", "param", "meant"), CASES)
async def test_unknown_member_is_refused_with_the_name_that_is_meant(
    http: httpx2.AsyncClient, path: str, body: dict[str, Any], param: str, meant: str | None
) -> None:
    reply = await http.post(path, json=body)

    assert reply.status_code == 400
    error = reply.json()["error"]
    assert (error["param"], error["code"]) == (param, "unknown_parameter")
    assert error["message"].startswith(f"Unknown parameter: '{param}'.")
    if meant is not None:
        assert error["message"].endswith(f" Did you mean '{meant}'?")


async def test_unknown_field_of_a_form_is_refused(http: httpx2.AsyncClient) -> None:
    file = {"file": ("x.txt", b"x")}

    reply = await http.post("/v1/files", data={"purposes": "batch"}, files=file)

    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == (
        "Unknown parameter: 'purposes'. Did you mean 'purpose'?"
    )


async def test_member_without_a_value_is_absent(http: httpx2.AsyncClient) -> None:
    reply = await http.post("/v1/threads", json={"unknown": None, "metadata": None})

    assert reply.status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        [{"type": "input_text", "text": "x"}],
        [{"text": "x"}],
        [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}],
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,", "detail": "best"}}],
        [{"type": "text", "text": ""}],
        [],
        5,
    ],
)
async def test_wrong_content_of_a_message_is_named_by_its_path(
    http: httpx2.AsyncClient, content: Any
) -> None:
    reply = await http.post(
        "/v1/threads", json={"messages": [{"role": "user", "content": content}]}
    )

    assert reply.status_code == 400
    path = "messages[0].content"
    assert reply.json()["error"]["param"].startswith(path)
    assert reply.json()["error"]["message"].startswith(f"Invalid '{path}")
