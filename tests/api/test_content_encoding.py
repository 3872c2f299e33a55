"""Bodies with a Content-Encoding are decoded within the limits, whatever reads them."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import brotli
import httpx2
import pytest
from backports import zstd

from tests.api.errors import assert_openai_error
from tests.api.files import form

DOCUMENTS = {"model": "small", "messages": [{"role": "user", "content": "x" * 200_000}]}
BODY = json.dumps(DOCUMENTS | {"model": "nope"}).encode()
LIMIT = 2**20
"""The largest body of the server under test."""


def deflate_without_header(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(data) + stream.flush()


def compress_br(data: bytes) -> bytes:
    return brotli.compress(data, quality=3)  # the highest takes minutes for a bomb


def in_two(compress: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: compress(data[:1000]) + compress(data[1000:])


ENCODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip in two": ("gzip", in_two(gzip.compress)),
    "x-gzip": ("X-GZIP", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "deflate without header": ("deflate", deflate_without_header),
    "br": ("br", compress_br),
    "zstd": ("zstd", zstd.compress),
    "zstd in two": ("identity, zstd", in_two(zstd.compress)),
}


def pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    async def iterate() -> AsyncIterator[bytes]:
        for start in range(0, len(data), size):
            yield data[start : start + size]

    return iterate()


async def post(
    http: httpx2.AsyncClient, data: Any, encoding: str, path: str = "/v1/chat/completions"
) -> httpx2.Response:
    headers = {"content-encoding": encoding, "content-type": "application/json"}
    return await http.post(path, content=data, headers=headers)


@pytest.mark.parametrize("name", ENCODINGS)
async def test_json_is_decoded(http: httpx2.AsyncClient, name: str) -> None:
    encoding, compress = ENCODINGS[name]
    data = compress(BODY)

    for size in (3, 1000, 2**20):
        answer = await post(http, pieces(data, size), encoding)
        assert "nope" in assert_openai_error(answer, 404, "model")


@pytest.mark.parametrize("name", ENCODINGS)
async def test_form_is_decoded_and_its_file_stored(http: httpx2.AsyncClient, name: str) -> None:
    encoding, compress = ENCODINGS[name]
    data = bytes(range(256)) * 2000
    body, headers = form(("purpose", None, b"user_data"), ("file", "a.bin", data))

    answer = await http.post(
        "/v1/files", content=compress(body), headers=headers | {"content-encoding": encoding}
    )

    content = await http.get(f"/v1/files/{answer.json()['id']}/content")
    assert content.content == data


@pytest.mark.parametrize("name", ENCODINGS)
async def test_body_that_expands_beyond_the_limit_is_too_large(
    http: httpx2.AsyncClient, name: str
) -> None:
    encoding, compress = ENCODINGS[name]
    bomb = compress(b"0" * (50 * LIMIT))

    tracemalloc.start()
    answer = await post(http, bomb, encoding)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(bomb) < LIMIT
    assert str(LIMIT) in assert_openai_error(answer, 413)
    assert peak < 8 * LIMIT


async def test_zstd_window_is_limited(http: httpx2.AsyncClient) -> None:
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
    stream = zstd.ZstdCompressor(options=options)
    data = stream.compress(BODY) + stream.flush()

    assert_openai_error(await post(http, data, "zstd"), 400, "Content-Encoding")


@pytest.mark.parametrize("encoding", ["compress", "gzip, br", "utf-8", "gzip;q=1"])
async def test_unknown_encoding_is_unsupported(http: httpx2.AsyncClient, encoding: str) -> None:
    answer = await post(http, BODY, encoding)

    assert "br, deflate, gzip" in assert_openai_error(answer, 415, "Content-Encoding")


@pytest.mark.parametrize("name", ENCODINGS)
async def test_body_of_another_encoding_or_cut_off_is_refused(
    http: httpx2.AsyncClient, name: str
) -> None:
    encoding, compress = ENCODINGS[name]
    data = compress(BODY)

    for wrong in (BODY, data[:-1], data[: len(data) // 2], data + b"more"):
        assert_openai_error(await post(http, wrong, encoding), 400, "Content-Encoding")


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "br", "identity", ""])
async def test_header_without_a_body_is_harmless(http: httpx2.AsyncClient, encoding: str) -> None:
    answer = await http.get("/v1/models", headers={"content-encoding": encoding})

    assert answer.status_code == 200
