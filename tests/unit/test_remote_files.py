"""Files from the web: which hosts and addresses are asked, and how much is taken."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from serve_app.media.file_inputs import read_file_input
from serve_app.media.remote_files import RemoteFiles, is_public
from wire.errors import InvalidRequestError


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_address_on_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0",
        "fd00::1", "ff02::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "nonsense", "", "fec0::1",
        "::127.0.0.1", "::8.8.8.8", "64:ff9b:1::7f00:1", "::ffff:0:7f00:1", "4000::1",
    ],
)  # fmt: skip
def test_address_of_an_own_network_is_not_public(address: str) -> None:
    assert not is_public(address)


def anywhere(_: str) -> bool:
    return True


def files(
    *hosts: str, may_connect: Callable[[str], bool] = is_public, timeout_s: float = 30
) -> RemoteFiles:
    return RemoteFiles(hosts, max_bytes=1000, timeout_s=timeout_s, may_connect=may_connect)


async def read_refusal(remote: RemoteFiles, url: str) -> str:
    with pytest.raises(InvalidRequestError) as raised:
        await remote.fetch(url, "file")
    assert raised.value.param == "file"
    return str(raised.value)


@pytest.fixture
async def host() -> AsyncIterator[TestServer]:
    async def large(_: web.Request) -> web.Response:
        return web.Response(body=b"x" * 2000)

    async def picture(_: web.Request) -> web.Response:
        return web.Response(body=b"picture")

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPFound("/picture")

    async def slow(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    for handler in (large, picture, redirect, slow):
        app.router.add_get(f"/{handler.__name__}", handler)
    server = TestServer(app)
    await server.start_server()
    yield server
    await server.close()


async def test_file_of_an_allowed_host_is_fetched(host: TestServer) -> None:
    remote = files("localhost", may_connect=anywhere)

    assert await remote.fetch(f"http://localhost:{host.port}/picture", "file") == b"picture"


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("large", "larger than 1000 bytes"),
        ("redirect", "answered 302"),
        ("nothing", "answered 404"),
    ],
)
async def test_host_that_does_not_answer_well_is_told(
    host: TestServer, path: str, says: str
) -> None:
    remote = files("localhost", may_connect=anywhere)

    assert says in await read_refusal(remote, f"http://localhost:{host.port}/{path}")


async def test_host_that_takes_too_long_is_told(host: TestServer) -> None:
    remote = files("localhost", may_connect=anywhere, timeout_s=0.5)

    assert "could not be fetched" in await read_refusal(
        remote, f"http://localhost:{host.port}/slow"
    )


async def test_name_of_an_own_address_is_not_connected_to(host: TestServer) -> None:
    assert "could not be fetched" in await read_refusal(
        files("*"), f"http://localhost:{host.port}/picture"
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://169.254.169.254/latest", "http://[::1]/", "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "http://127.1/",
        "http://0177.0.0.1/", "http://017700000001/", "http://0x7F000001/", "http://0/",
    ],
)  # fmt: skip
async def test_own_address_is_refused_however_it_is_written(url: str) -> None:
    assert "its address is not public" in await read_refusal(files("*"), url)


async def test_public_address_may_be_written_as_one_number() -> None:
    remote = files("*", may_connect=lambda address: address != "8.8.8.8")

    assert "its address is not public" in await read_refusal(remote, "http://134744072/")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com.evil.test/", "http://example.com@evil.test/", "http://evil.test/#example.com",
        "http://notexample.com/", "ftp://example.com/", "file:///etc/passwd", "http:///x", "http://[/",
        "example.com",
    ],
)  # fmt: skip
async def test_host_that_is_not_listed_is_refused(url: str) -> None:
    message = await read_refusal(files("example.com", "*.example.com"), url)

    assert "could not be fetched" not in message  # nobody was asked


async def test_base64_and_data_urls_need_no_host() -> None:
    text = base64.b64encode(b"picture").decode()

    for given in (
        text,
        text.rstrip("="),
        f"data:image/png;base64,{text}",
        f" {text[:4]}\n{text[4:]}",
    ):
        assert await read_file_input(given, "file", files()) == b"picture"
