"""HTTP as clients of all kinds speak it, through the real HAProxy, uvicorn and Serve's reading."""

import asyncio
import json
import socket
import threading
from collections.abc import Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import fsspec
import pytest
import uvicorn
from fsspec.implementations.memory import MemoryFileSystem
from ray.serve._private.direct_ingress_http_util import ASGIDIReceiveProxy
from ray.serve._private.http_util import parse_disconnect_disabled_header
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.api.answering import answering_registry
from tests.support.application import create_test_api
from tests.support.haproxy import run_haproxy
from tests.support.waiting import wait_until

MIB = 2**20
NUM_UPLOADS = 4
UPLOAD_BYTES = 24 * MIB
IN_FLIGHT_BYTES = 3 * MIB
"""Of an upload: a block that is written, one that is collected, and what uvicorn has read."""
CHAT = json.dumps({"messages": [{"role": "user", "content": "hi"}]}).encode()
HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
FORM = (
    b"--b\r\nContent-Disposition: form-data; name=purpose\r\n\r\nassistants\r\n"
    b"--b\r\nContent-Disposition: form-data; name=file; filename=a.txt\r\n\r\n"
)
END = b"\r\n--b--\r\n"


class SlowFiles(MemoryFileSystem):
    """A file store that is slower than the network: it waits for a test, and counts its bytes."""

    protocol = "slow"
    store: dict[str, Any] = {}  # noqa: RUF012 - as in the base class
    pseudo_dirs: list[str] = [""]  # noqa: RUF012
    written = 0
    num_waiting = 0
    may_write = threading.Event()

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return "/" + path.removeprefix("slow://").strip("/")

    def _open(self, *args: Any, **options: Any) -> Any:
        file: Any = super()._open(*args, **options)
        if options.get("mode") == "wb":
            write = file.write

            def write_slowly(data: bytes) -> int:
                SlowFiles.num_waiting += 1
                assert SlowFiles.may_write.wait(60)
                SlowFiles.written += len(data)
                return write(data)

            file.write = write_slowly
        return file


class ReadAsServe:
    """Reads bodies as Serve's replica does, and counts what it has read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.read = 0
        self.most_in_flight = 0
        self.types = set[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.types.add(scope["type"])

        async def count() -> Message:
            message = await receive()
            self.read += len(message.get("body", b""))
            self.most_in_flight = max(self.most_in_flight, self.read - SlowFiles.written)
            return message

        if scope["type"] != "http" or parse_disconnect_disabled_header(dict(scope["headers"])):
            await self._app(scope, count, send)
            return
        proxy = ASGIDIReceiveProxy(scope, count, asyncio.get_running_loop())
        reading = proxy.fetch_until_disconnect_task()
        try:
            await self._app(scope, proxy, send)
        finally:
            reading.cancel()


class Server(uvicorn.Server):
    """Publishes its port."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, port=0, log_level="warning"))
        self.port = Future[int]()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.port.set_result(self.servers[0].sockets[0].getsockname()[1])


@pytest.fixture(scope="module")
def reader() -> ReadAsServe:
    SlowFiles.may_write.set()
    fsspec.register_implementation("slow", SlowFiles, clobber=True)
    registry, _ = answering_registry()
    return ReadAsServe(create_test_api(registry, files_url="slow://homeport"))


@pytest.fixture(scope="module")
def port(reader: ReadAsServe, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """HAProxy's port."""
    server = Server(reader)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        with run_haproxy(tmp_path_factory.mktemp("haproxy"), server.port.result(30)) as port:
            yield port
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def connection(port: int) -> Generator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        yield connection


def read_answer(connection: socket.socket, *, until_closed: bool = False) -> tuple[int, bytes]:
    """Return status and body of the next answer."""
    file = connection.makefile("rb")
    status = int(file.readline().split()[1])
    headers: dict[bytes, bytes] = {}
    while (line := file.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    if until_closed:
        return status, file.read()
    return status, file.read(int(headers.get(b"content-length", b"0")))


def sized(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize("host", [b"", b"Host: x\r\n"])
def test_http_1_0_is_answered_and_closed(connection: socket.socket, host: bytes) -> None:
    connection.sendall(b"GET /v1/models HTTP/1.0\r\n" + host + b"\r\n")

    status, body = read_answer(connection, until_closed=True)

    assert status == 200
    assert json.loads(body)["object"] == "list"


def test_connection_is_kept_for_further_requests(connection: socket.socket) -> None:
    for body, expected in [(CHAT, 200), (b"{", 400), (CHAT, 200)]:
        connection.sendall(sized(body))
        status, answer = read_answer(connection)
        assert status == expected, answer


def test_pipelined_requests_are_answered_in_their_order(connection: socket.socket) -> None:
    connection.sendall(sized(CHAT) + b"GET /v1/none HTTP/1.1\r\nHost: x\r\n\r\n" + sized(CHAT))
    file = connection.makefile("rb")
    statuses: list[int] = []
    for _ in range(3):
        statuses.append(int(file.readline().split()[1]))
        length = 0
        while (line := file.readline().lower()) != b"\r\n":
            if line.startswith(b"content-length:"):
                length = int(line.split()[1])
        file.read(length)

    assert statuses == [200, 404, 200]


def test_client_that_expects_100_continue_receives_it(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(CHAT))
    assert read_answer(connection)[0] == 100
    connection.sendall(CHAT)

    assert read_answer(connection)[0] == 200


def test_body_that_arrives_byte_by_byte_is_read(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    whole = sized(CHAT)
    for index in range(len(whole)):
        connection.sendall(whole[index : index + 1])

    assert read_answer(connection)[0] == 200


def test_chunked_body_is_read(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(CHAT[:9], CHAT[9:]))

    assert read_answer(connection)[0] == 200


def test_malformed_chunk_is_refused(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n")

    assert read_answer(connection)[0] == 400


def test_websocket_is_refused_before_uvicorn_which_would_log_an_error(
    connection: socket.socket, reader: ReadAsServe
) -> None:
    connection.sendall(
        b"GET /v1/realtime HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )

    status, body = read_answer(connection)

    assert (status, json.loads(body)["error"]["code"]) == (404, "not_found")
    assert "websocket" not in reader.types


def start_upload(connection: socket.socket) -> None:
    connection.sendall(
        b"POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + chunked(FORM).removesuffix(b"0\r\n\r\n")
    )


def upload(port: int, num_bytes: int) -> int:
    """Upload a file in chunks, as fast as it is taken; return the status."""
    piece = chunked(b"x" * 2**16).removesuffix(b"0\r\n\r\n")
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        start_upload(connection)
        for _ in range(num_bytes // 2**16):
            connection.sendall(piece)
        connection.sendall(chunked(END))
        return read_answer(connection)[0]


def test_senders_are_held_back_by_a_slow_store(port: int, reader: ReadAsServe) -> None:
    SlowFiles.written = SlowFiles.num_waiting = reader.read = reader.most_in_flight = 0
    SlowFiles.may_write.clear()
    seen = [-1]

    def has_settled() -> bool:
        seen.append(reader.read)
        return SlowFiles.num_waiting == NUM_UPLOADS and seen[-1] == seen[-2]

    with ThreadPoolExecutor(NUM_UPLOADS) as pool:
        uploads = [pool.submit(upload, port, UPLOAD_BYTES) for _ in range(NUM_UPLOADS)]
        wait_until(has_settled, 30)
        assert reader.read <= NUM_UPLOADS * IN_FLIGHT_BYTES
        SlowFiles.may_write.set()
        assert [each.result(60) for each in uploads] == [200] * NUM_UPLOADS

    assert SlowFiles.written == NUM_UPLOADS * UPLOAD_BYTES
    assert reader.most_in_flight <= NUM_UPLOADS * IN_FLIGHT_BYTES


def test_upload_that_is_cut_leaves_nothing_behind(port: int, reader: ReadAsServe) -> None:
    def list_files() -> list[Any]:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"GET /v1/files HTTP/1.1\r\nHost: x\r\n\r\n")
            return json.loads(read_answer(connection)[1])["data"]

    stored, before = set(SlowFiles.store), list_files()
    written = SlowFiles.written

    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        start_upload(connection)
        connection.sendall(chunked(b"x" * 3 * MIB).removesuffix(b"0\r\n\r\n"))
        wait_until(lambda: SlowFiles.written > written, 20)
        assert set(SlowFiles.store) > stored

    wait_until(lambda: set(SlowFiles.store) == stored, 20)
    assert list_files() == before
