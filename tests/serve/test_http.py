"""HTTP through HAProxy and Serve: methods, encodings, WebSockets, probes."""

import gzip
import json

import brotli
import httpx2
import pytest
from backports import zstd

from tests.support.server import Server

BODY = json.dumps(
    {"messages": [{"role": "user", "content": "Say yes."}], "max_tokens": 2, "n": None}
).encode()


@pytest.mark.parametrize("path", ["/health", "/ping", "/", "/v1/models/"])
def test_head_is_answered_like_get(server: Server, path: str) -> None:
    head, get = httpx2.head(f"{server.url}{path}"), httpx2.get(f"{server.url}{path}")

    assert head.status_code == get.status_code == 200
    assert head.headers["content-length"] == str(len(get.content))
    assert head.content == b""


def test_options_name_the_methods(server: Server) -> None:
    answer = httpx2.options(f"{server.url}/v1/chat/completions")

    assert (answer.status_code, answer.headers["allow"]) == (204, "OPTIONS, POST")


@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("gzip", gzip.compress(BODY)),
        ("br", brotli.compress(BODY)),
        ("zstd", zstd.compress(BODY)),
    ],
)
def test_encoded_body_is_answered(server: Server, encoding: str, data: bytes) -> None:
    answer = httpx2.post(
        f"{server.url}/v1/chat/completions",
        content=data,
        headers={"content-encoding": encoding, "content-type": "application/json"},
        timeout=60,
    )

    assert answer.status_code == 200, answer.text
    assert answer.headers["openai-processing-ms"].isdigit()


def test_websocket_is_not_found(server: Server) -> None:
    handshake = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }

    answer = httpx2.get(f"{server.url}/v1/realtime", headers=handshake, timeout=30)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "not_found"
