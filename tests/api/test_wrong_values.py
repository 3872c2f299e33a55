"""A value of a wrong type or form is refused by its path, in the words of the API."""

from typing import Any

import httpx2
import pytest

from tests.support.scripted_model import ScriptedModel

HELLO = [{"role": "user", "content": "hi"}]
CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"
RESPONSES = "/v1/responses"


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (CHAT, {"max_tokens": True}, "max_tokens"),
        (CHAT, {"temperature": False}, "temperature"),
        (CHAT, {"n": True}, "n"),
        (CHAT, {"logit_bias": {"5": True}}, "logit_bias.5"),
        (CHAT, {"min_tokens": True}, "min_tokens"),
        (CHAT, {"stop_token_ids": [1, True]}, "stop_token_ids[1]"),
        (CHAT, {"repetition_penalty": True}, "repetition_penalty"),
        (COMPLETIONS, {"prompt": "x", "logprobs": True}, "logprobs"),
        (RESPONSES, {"input": "x", "max_output_tokens": True}, "max_output_tokens"),
        ("/v1/detokenize", {"tokens": [1, True]}, "tokens[1]"),
        ("/v1/assistants", {"model": "small", "temperature": True}, "temperature"),
        (
            "/v1/vector_stores",
            {"expires_after": {"anchor": "last_active_at", "days": True}},
            "expires_after.days",
        ),
    ],
)
async def test_boolean_is_no_number(
    http: httpx2.AsyncClient, path: str, body: dict[str, Any], param: str
) -> None:
    whole = {"messages": HELLO, **body} if path == CHAT else body

    answer = await http.post(path, json=whole)

    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param), error
    assert "must be a number" in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "param", "words"),
    [
        (CHAT, {"guided_json": True}, "guided_json", "must be an object (received true)"),
        (
            CHAT,
            {"structured_outputs": {"json": False}},
            "structured_outputs.json",
            "must be an object",
        ),
        (CHAT, {"guided_json": "[" * 600_000}, "guided_json", "has more than"),
        (
            CHAT,
            {"structured_outputs": {"regex": "[]"}},
            "structured_outputs.regex",
            "no text matches it",
        ),
        (CHAT, {"guided_whitespace_pattern": " "}, "guided_whitespace_pattern", "white space"),
        (
            CHAT,
            {"structured_outputs": {"json": {}, "whitespace_pattern": " "}},
            "structured_outputs.whitespace_pattern",
            "white space",
        ),
        (
            RESPONSES,
            {"input": "x", "text": {"format": "text"}},
            "text.format",
            "must be an object (received 'text')",
        ),
        (
            RESPONSES,
            {"input": "x", "tool_choice": {"type": "foo"}},
            "tool_choice.type",
            "must be 'function' or 'allowed_tools' (received 'foo')",
        ),
        (
            "/v1/images/generations",
            {"prompt": "x", "size": "axb"},
            "size",
            "must be the width and the height in pixels, such as '512x512', or 'auto' "
            "(received 'axb')",
        ),
    ],
)
async def test_wrong_form_is_named(
    http: httpx2.AsyncClient, path: str, body: dict[str, Any], param: str, words: str
) -> None:
    whole = {"messages": HELLO, **body} if path == CHAT else body

    answer = await http.post(path, json=whole)

    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param), error
    assert words in error["message"]


@pytest.mark.parametrize("tool", [{"type": "function"}, {"type": "web_search_20250305"}])
async def test_tool_of_another_api_is_named_by_its_type(
    http: httpx2.AsyncClient, tool: dict[str, Any]
) -> None:
    body = {"messages": HELLO, "max_tokens": 5, "tools": [tool]}

    answer = await http.post("/v1/messages", json=body)

    assert answer.json()["error"]["message"].startswith("Invalid 'tools[0].type': must be 'custom'")


@pytest.mark.parametrize(
    ("written", "sent"), [("{", r"\{"), ("a{x}", r"a\{x}"), ("a{2}[{]", "a{2}[{]")]
)
async def test_brace_that_means_itself_is_escaped_for_the_compiler(
    http: httpx2.AsyncClient, model: ScriptedModel, written: str, sent: str
) -> None:
    model.script = [b"{}"]

    await http.post(CHAT, json={"messages": HELLO, "guided_regex": written})

    assert model.asked["structured_outputs"] == {"regex": sent}


@pytest.mark.parametrize("header", ["anthropic-version", "xi-api-key"])
async def test_unknown_model_is_refused_in_the_shape_of_the_clients_service(
    http: httpx2.AsyncClient, header: str
) -> None:
    answer = await http.get("/v1/models/zz", headers={header: "2023-06-01"})

    body = answer.json()
    assert answer.status_code == 404
    if header == "anthropic-version":
        assert body["type"] == "error"
        assert body["error"]["type"] == "not_found_error"
        assert answer.headers["request-id"] == body["request_id"]
    else:
        assert body["detail"]["status"] == "model_not_found"


async def test_message_without_content_is_refused_in_words(http: httpx2.AsyncClient) -> None:
    thread = (await http.post("/v1/threads", json={})).json()["id"]

    answer = await http.post(
        f"/v1/threads/{thread}/messages", json={"role": "user", "content": None}
    )

    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, "content")
    assert error["message"] == "Invalid 'content': must be a string or a list (received null)."


async def test_json_of_a_field_is_counted(http: httpx2.AsyncClient) -> None:
    fields = {"prompt": "x", "size": "[" + "{}," * 100_000 + "{}]"}

    answer = await http.post(
        "/v1/images/edits", data=fields, files={"image": ("a.png", b"\x89PNG", "image/png")}
    )

    assert answer.status_code in (400, 413)


async def test_file_whose_name_cannot_be_decoded_is_a_file(http: httpx2.AsyncClient) -> None:
    body = (
        b"--b\r\nContent-Disposition: form-data; name=purpose\r\n\r\nassistants\r\n"
        b"--b\r\nContent-Disposition: form-data; name=file; filename*=utf-8''%FF.txt\r\n\r\n"
        b"text\r\n--b--\r\n"
    )

    answer = await http.post(
        "/v1/files",
        content=body,
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )

    assert answer.json()["filename"] == "\xff.txt"


@pytest.mark.parametrize("number", ["-2", "9" * 30])
async def test_number_of_an_event_is_bounded(http: httpx2.AsyncClient, number: str) -> None:
    answer = await http.get(f"/v1/responses/resp_1?stream=true&starting_after={number}")

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "starting_after")
