"""What HTTP asks of every path: methods, slashes, headers, WebSockets."""

import re
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from serve_app.routes import build_routes
from tests.api.conftest import CreateApi
from tests.api.errors import assert_openai_error
from tests.support.scripted_model import KEY, connect

METHODS: dict[str, set[str]] = {}
for _route in build_routes():
    assert isinstance(_route, APIRoute)
    METHODS.setdefault(_route.path, set()).update(_route.methods)
CONCRETE = {re.sub(r"{[^}]*}", "nothing", path): methods for path, methods in METHODS.items()}
"""Paths without parameters, with their methods. Some also match another, more general route."""


def varies(headers: httpx2.Headers) -> dict[str, str]:
    """Return headers without those that differ between two requests."""
    changing = ("x-request-id", "openai-processing-ms", "content-length")
    return {name: value for name, value in headers.items() if name not in changing}


@pytest.mark.parametrize("path", [path for path, methods in CONCRETE.items() if "GET" in methods])
async def test_head_answers_like_get_without_a_body(http: httpx2.AsyncClient, path: str) -> None:
    get, head = await http.get(path), await http.head(path)

    assert head.status_code == get.status_code
    assert varies(head.headers) == varies(get.headers)
    assert int(head.headers["content-length"]) > 0
    assert head.content == b""


async def test_head_of_a_file_has_its_length_and_reads_nothing_more(
    http: httpx2.AsyncClient,
) -> None:
    form: dict[str, Any] = {
        "files": {"file": ("a.txt", b"a" * 300_000)},
        "data": {"purpose": "user_data"},
    }
    file = (await http.post("/v1/files", **form)).json()

    head = await http.head(f"/v1/files/{file['id']}/content")

    assert (head.status_code, head.headers["content-length"]) == (200, "300000")
    assert head.content == b""


@pytest.mark.parametrize("path", CONCRETE)
async def test_options_and_405_name_the_methods(http: httpx2.AsyncClient, path: str) -> None:
    options = await http.options(path)
    wrong = await http.request("PROPFIND", path)

    allowed = set(options.headers["allow"].split(", "))
    assert options.status_code == 204
    assert allowed >= {"OPTIONS", *CONCRETE[path]}
    assert ("HEAD" in allowed) is ("GET" in allowed)
    assert_openai_error(wrong, 405) if "messages" not in path else None
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == options.headers["allow"]


async def test_long_path_is_shortened_in_the_message(http: httpx2.AsyncClient) -> None:
    for method in ("DELETE", "GET"):
        answer = await http.request(method, f"/v1/embeddings/{'x' * 3000}")
        assert len(assert_openai_error(answer, 404)) < 300

    answer = await http.post(f"/v1/models/{'x' * 3000}")
    assert len(assert_openai_error(answer, 405)) < 300


async def test_head_of_a_path_without_get_is_not_allowed(http: httpx2.AsyncClient) -> None:
    answer = await http.head("/v1/chat/completions")

    assert (answer.status_code, answer.content) == (405, b"")
    assert answer.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
async def test_unknown_path_is_not_found_by_any_method(
    http: httpx2.AsyncClient, method: str
) -> None:
    assert (await http.request(method, "/v1/nope")).status_code == 404


async def test_slash_at_the_end_of_a_path_is_ignored(http: httpx2.AsyncClient) -> None:
    body = {"model": "nope", "messages": [{"role": "user", "content": "x"}]}

    assert (await http.get("/v1/models/")).json() == (await http.get("/v1/models")).json()
    assert (await http.get("/v1/models/small/")).json()["id"] == "small"
    chat = await http.post("/v1/chat/completions/", json=body)
    assert_openai_error(chat, 404, "model")
    assert (await http.get("/v1/models//")).status_code == 404


async def test_answers_have_the_headers_of_openai(http: httpx2.AsyncClient) -> None:
    for answer in (await http.get("/v1/models"), await http.get("/nope")):
        assert answer.headers["openai-version"] == "2020-10-01"
        assert answer.headers["openai-processing-ms"].isdigit()
        assert answer.headers["x-request-id"].startswith("req_")
        assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


async def test_answers_of_messages_have_the_header_of_anthropic(http: httpx2.AsyncClient) -> None:
    headers = (await http.post("/v1/messages", json={})).headers

    assert headers["request-id"] == headers["x-request-id"]
    assert "openai-version" not in headers


async def test_pages_may_read_the_headers(create: CreateApi) -> None:
    api = create(allowed_origins=("https://example.com",))
    async with api.router.lifespan_context(api), connect(api) as client:
        answer = await client.get("/v1/models", headers={"Origin": "https://example.com"})

    assert "x-request-id" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("text/html,*/*;q=0.8", "text/html; charset=utf-8"), ("*/*", "application/json")],
)
async def test_root_describes_the_server(
    http: httpx2.AsyncClient, accept: str, media_type: str
) -> None:
    answer = await http.get("/", headers={"Accept": accept})

    assert answer.headers["content-type"] == media_type
    assert "Homeport" in answer.text
    assert "v1/models" in answer.text


async def test_metrics_names_the_place_where_they_are(http: httpx2.AsyncClient) -> None:
    assert "MetricsExportPort" in assert_openai_error(await http.get("/metrics"), 404)


async def open_websocket(
    api: FastAPI, path: str, *, headers: list[Any], extensions: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return what the application sends when a WebSocket is opened."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "headers": headers}
    await api({**scope, "extensions": extensions, "query_string": b""}, receive, send)
    return sent


@pytest.mark.parametrize(("headers", "status"), [([(b"x-api-key", KEY.encode())], 404), ([], 401)])
async def test_websocket_is_refused_with_a_response(
    create: CreateApi, headers: list[Any], status: int
) -> None:
    api = create(frozenset({KEY}))
    denial = {"websocket.http.response": {}}

    start, body = await open_websocket(api, "/v1/realtime", headers=headers, extensions=denial)
    (closed,) = await open_websocket(api, "/v1/realtime", headers=headers, extensions={})

    assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
    assert body["type"] == "websocket.http.response.body"
    assert b'"error"' in body["body"]
    assert closed["type"] == "websocket.close"
