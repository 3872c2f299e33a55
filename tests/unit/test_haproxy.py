"""The real HAProxy with a configuration as Serve writes it, before a small server."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest

from operate import haproxy, standby
from operate.haproxy import mend
from tests.support.haproxy import HAPROXY, free_port, is_open, run_haproxy, write_config
from tests.support.waiting import wait_until

LOGS = ("log", "metrics")
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n"


class Echo(BaseHTTPRequestHandler):
    """Answers with the headers it gets."""

    protocol_version = "HTTP/1.1"

    seen: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.path)
        if self.seen.count(self.path) > 1:
            self.do_GET()
        else:
            self.close_connection = True  # without an answer, as a process that is killed

    def do_GET(self) -> None:
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def upstream() -> Generator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def find_processes(argument: str) -> list[int]:
    """Return the running processes with this argument."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if argument.encode() in (entry / "cmdline").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def answers_commands(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.connect(str(path))
        return True
    return False


def test_killed_haproxy_is_stood_in_for_until_another_takes_its_ports_over(
    tmp_path: Path, upstream: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(standby.STANDBY_SETTING, "1")
    with run_haproxy(tmp_path, upstream) as port:
        config = str(tmp_path / "haproxy.cfg")
        (killed,) = find_processes(config)
        assert get(port)[0] == 200

        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: bool(find_processes(f"{config}.standby")), 20)
        wait_until(lambda: is_open(port), 20)
        (second,) = find_processes(f"{config}.standby")
        assert get(port)[0] == 200
        assert not answers_commands(tmp_path / "admin.sock"), "Serve would not notice"

        write_config(tmp_path, port, None)
        with subprocess.Popen([HAPROXY, "-db", "-dR", "-f", config]) as replacement:
            wait_until(lambda: not find_processes(f"{config}.standby"), 20)
            assert get(port)[0] == 200
            assert find_processes(config) == [replacement.pid]
            assert second != replacement.pid
            replacement.terminate()
            replacement.wait(20)
            wait_until(lambda: bool(find_processes(f"{config}.standby")), 20)
            (third,) = find_processes(f"{config}.standby")
            os.kill(third, signal.SIGTERM)
    wait_until(lambda: not find_processes(f"--config={config}"), 20, "a standby stays")


def get(port: int, path: str = "/", headers: dict[str, str] | None = None) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def send(port: int, raw: bytes) -> bytes:
    """Return all that the server sends until it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(raw)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("raw", [b"", b"GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_connection_without_a_whole_request_is_closed(
    raw: bytes, tmp_path: Path, upstream: int
) -> None:
    with run_haproxy(tmp_path, upstream) as port:
        config = (tmp_path / "haproxy.cfg").read_text()
        assert f"timeout http-request {haproxy.HEADERS_S}s" in config
        answer = send(port, raw)

    assert not raw or answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /v1/mod\xff\xfels HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/models HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["path", "header", "TLS"],
)
def test_what_is_no_http_request_is_refused_and_closed(
    raw: bytes, tmp_path: Path, upstream: int
) -> None:
    with run_haproxy(tmp_path, upstream) as port:
        answer = send(port, raw)

    assert answer.startswith(b"HTTP/1.1 400 ")


def test_without_routes_and_without_replicas_the_answer_is_a_503_in_openais_format(
    tmp_path: Path,
) -> None:
    for upstream, name in [(None, "routes"), (free_port(), "replicas")]:
        directory = tmp_path / name
        directory.mkdir()
        with run_haproxy(directory, upstream) as port:
            status, body = get(port, "/v1/models")

        assert status == 503
        assert json.loads(body)["error"]["code"] == "model_unavailable"


def test_headers_that_serve_reads_are_removed(tmp_path: Path, upstream: int) -> None:
    odd = "\xff"
    with run_haproxy(tmp_path, upstream) as port:
        _, removed = get(
            port,
            headers={
                "X-Session-Id": odd,
                "Serve_Multiplexed_Model_Id": odd,
                "X-Request-Id": odd,
                "X-Request-Timeout-Seconds": "0.1",
                "X-Homeport-Peer": "10.0.0.1",
            },
        )
        _, kept = get(port, headers={"X-Request-Id": "mine-1"})

    headers = json.loads(removed)
    assert "10.0.0.1" not in headers.pop("x-homeport-peer", "")
    assert UUID(headers.pop("x-request-id")).version == 4
    assert not [name for name in headers if name.startswith(("x-", "serve"))]
    assert json.loads(kept)["x-request-id"] == "mine-1"


@pytest.mark.parametrize(
    ("path", "attempts"),
    [
        ("/v1/chat/completions", 2),
        ("/embeddings", 2),
        ("/v1/audio/speech", 2),
        ("/v1/text-to-speech/alloy/stream", 2),
        ("/v1/files", 1),
        ("/v1/threads/runs", 1),
        ("/v1/chat/completions/x", 1),
    ],
)
def test_request_that_was_not_answered_is_sent_again_if_it_leaves_nothing_behind(
    path: str, attempts: int, tmp_path: Path, upstream: int
) -> None:
    Echo.seen.clear()
    with run_haproxy(tmp_path, upstream) as port:
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("POST", path, body=b"{}")
        status = connection.getresponse().status
        connection.close()

    assert (status, Echo.seen) == (200 if attempts == 2 else 503, [path] * attempts)


class Logs:
    """What HAProxy has sent to its logs. It sends the line of a request after the answer."""

    def __init__(self, directory: Path) -> None:
        self._sockets = {name: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) for name in LOGS}
        self._lines: dict[str, list[str]] = {name: [] for name in LOGS}
        for name, receiver in self._sockets.items():
            receiver.bind(str(directory / name))
            receiver.setblocking(False)

    def receive(self, name: str) -> list[str]:
        """Return the lines of a log so far."""
        with suppress(BlockingIOError):
            while True:
                self._lines[name].append(self._sockets[name].recv(65536).decode())
        return self._lines[name]

    def wait_for(self, name: str, words: str, count: int = 1) -> list[str]:
        """Return the lines of a log once so many have these words."""
        wait_until(lambda: sum(words in line for line in self.receive(name)) >= count, 20)
        return self._lines[name]

    def close(self) -> None:
        """Receive no more."""
        for receiver in self._sockets.values():
            receiver.close()


@pytest.fixture
def logs(tmp_path: Path) -> Generator[Logs]:
    logs = Logs(tmp_path)
    yield logs
    logs.close()


def test_request_that_fails_is_a_line_with_its_id_and_no_other_request_is(
    tmp_path: Path, logs: Logs
) -> None:
    with run_haproxy(tmp_path, free_port()) as port:  # no replica listens
        lost = get(port, "/v1/files?signature=hush", {"X-Request-Id": "mine-1"})
        get(port, "/generated-images/hush.png")
        send(port, b"GET /a\rb HTTP/1.1\r\n\r\n")
        lines = logs.wait_for("log", " 400 ")

    assert lost[0] == 503
    (failed,) = [line for line in lines if "mine-1" in line]
    assert " 503 " in failed
    assert "GET /v1/files id=mine-1" in failed
    assert any(" 400 " in line for line in lines)
    assert "hush" not in "".join(lines)


def test_answered_request_is_counted_and_not_logged(
    tmp_path: Path, upstream: int, logs: Logs
) -> None:
    with run_haproxy(tmp_path, upstream) as port:
        get(port, "/v1/models?signature=hush")
        for number in range(3):
            send(port, b"FORGED%d / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % number)
        counted = "".join(logs.wait_for("metrics", 'method="OTHER" status=405', 3))
        logged = "".join(logs.receive("log"))

    assert "FORGED" not in logged
    assert " 200 " not in logged
    assert 'method="GET" status=200' in counted
    assert counted.count('method="OTHER" status=405') == 3
    assert "FORGED" not in counted


def test_method_that_http_does_not_have_is_refused_in_openais_format(
    tmp_path: Path, upstream: int, logs: Logs
) -> None:
    with run_haproxy(tmp_path, upstream) as port:
        refused = send(port, REQUEST.replace(b"GET", b"FOO") % b"X-Request-Id: mine-1\r\n")
        passed = send(port, REQUEST.replace(b"GET", b"PATCH") % b"")
        refusals = logs.wait_for("log", "OTHER / id=mine-1")
        assert any(" 405 " in line for line in refusals)

    head, _, body = refused.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ")
    assert b"\r\nallow: GET, HEAD, POST, DELETE, OPTIONS" in head
    assert b"\r\nx-request-id: mine-1" in head
    assert json.loads(body)["error"]["code"] == "method_not_allowed"
    assert passed.startswith(b"HTTP/1.1 501 "), "it is for the ingress to answer"


def test_every_answer_has_its_requests_id(tmp_path: Path, upstream: int) -> None:
    for port_behind, status in [(upstream, b"200"), (free_port(), b"503")]:
        directory = tmp_path / status.decode()
        directory.mkdir()
        with run_haproxy(directory, port_behind) as port:
            given = send(port, REQUEST % b"X-Request-Id: mine-1\r\n").lower()
            own = send(port, REQUEST % b"").lower()

        assert given.startswith(b"http/1.1 %s " % status)
        assert given.partition(b"\r\n\r\n")[0].count(b"x-request-id: mine-1\r\n") == 1
        assert own.partition(b"\r\n\r\n")[0].count(b"\r\nx-request-id: ") == 1


def test_one_address_gets_a_part_of_all_connections_and_this_machines_own_any_number(
    tmp_path: Path, upstream: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_SERVE_HAPROXY_MAXCONN", "40")
    with run_haproxy(tmp_path, upstream) as port, ExitStack() as open_connections:
        for _ in range(10):
            open_connections.enter_context(connect_from("127.0.0.2", port))

        with connect_from("127.0.0.2", port) as refused, pytest.raises(ConnectionResetError):
            refused.recv(1)
        for _ in range(12):
            open_connections.enter_context(connect_from("127.0.0.1", port))
        assert get(port)[0] == 200


def connect_from(source: str, port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 10, source_address=(source, 0))


def test_invalid_configuration_ends_at_once(tmp_path: Path) -> None:
    config = tmp_path / "haproxy.cfg"
    config.write_text("defaults\n    nonsense\n")

    result = subprocess.run(
        [HAPROXY, "-db", "-f", str(config)],
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert result.returncode == 1
    assert "unknown keyword 'nonsense'" in result.stderr


def limit_files(hard: int) -> Callable[[int], tuple[int, int]]:
    return lambda _: (1024, hard)


def test_connections_follow_the_operator_and_the_limit_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "haproxy.cfg"
    text = "global\n    maxconn 4096\ndefaults\nfrontend http_frontend\n    bind *:8000\n"

    for hard, expected in [(20_000, 9_744), (-1, 16_384), (10**6, 16_384)]:
        monkeypatch.setattr("resource.getrlimit", limit_files(hard))
        config.write_text(text)
        mend(config)
        assert f"maxconn {expected}\n" in config.read_text()
        assert f"sc0_conn_cur gt {expected // 4} " in config.read_text()

    monkeypatch.setenv("RAY_SERVE_HAPROXY_MAXCONN", "200")
    config.write_text(text)
    mend(config)
    assert "maxconn 200\n" in config.read_text()
