"""The client of the faults sees what happens to its request: it decides what the table says."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import httpx2
import pytest

from tests.support.outcomes import (
    NotAnswered,
    Note,
    Outcome,
    Result,
    check_status,
    classify_failures,
    format_table,
)

TYPED = b'{"error": {"message": "m", "type": "t", "param": null, "code": "model_loading"}}'


@contextmanager
def answer_once(answer: bytes) -> Generator[str]:
    """Serve one connection: read a request, write these bytes, and close."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                request = b""
                while not request.endswith(b"{}"):  # what is left unread makes a reset of the end
                    request += connection.recv(2**16)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def response(status: int, body: bytes, header: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{header}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        (
            response(503, TYPED, "Retry-After: 5\r\n"),
            Outcome.TYPED,
            "503 model_loading, Retry-After 5",
        ),
        (response(503, TYPED), Outcome.UNTYPED, "503 model_loading"),
        (response(503, TYPED, "Retry-After: 0\r\n"), Outcome.UNTYPED, "503 model_loading"),
        (response(503, b"no server", "Retry-After: 5\r\n"), Outcome.UNTYPED, "503 b'no server'"),
        (response(500, TYPED, "Retry-After: 5\r\n"), Outcome.UNTYPED, "500 model_loading"),
        (response(404, TYPED), Outcome.WRONG, "404 model_loading"),
        (response(200, b"{}"), Outcome.WRONG, "KeyError('choices')"),
        (response(200, b"not JSON"), Outcome.WRONG, "JSONDecodeError"),
        (b"", Outcome.LOST, "RemoteProtocolError"),
        (response(200, TYPED)[:-5], Outcome.LOST, "RemoteProtocolError"),
    ],
)
def test_failure_is_classified(answer: bytes, outcome: Outcome, detail: str) -> None:
    def ask() -> None:
        with classify_failures():
            received = httpx2.post(url, json={}, timeout=10)
            check_status(received)
            received.json()["choices"]

    with answer_once(answer) as url, pytest.raises(NotAnswered) as raised:
        ask()

    assert raised.value.outcome == outcome
    assert detail in raised.value.detail


def test_port_without_a_server_is_a_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(NotAnswered) as raised, classify_failures():
        httpx2.get(f"http://127.0.0.1:{port}", timeout=10)

    assert raised.value.outcome == Outcome.REFUSED


def test_silent_server_is_a_hang() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(NotAnswered) as raised,
        classify_failures(),
    ):
        httpx2.get(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=0.2)

    assert raised.value.outcome == Outcome.HUNG


def test_table_has_a_row_for_each_fault_and_the_runs_in_its_cells() -> None:
    def note(outcome: Outcome, seconds: float) -> Note:
        return Note("chat", 0, seconds, outcome, "d")

    first = Result((note(Outcome.OK, 9), note(Outcome.LOST, 0.5)), "2 s")
    second = Result((note(Outcome.OK, 9), note(Outcome.OK, 9)), "0 s")

    head, _, row = format_table({"x": [first, second]}).splitlines()

    cells = dict(zip(head.strip("| ").split(" | "), row.strip("| ").split(" | "), strict=True))
    assert cells == {
        "fault under load": "x",
        "ok": "1 / 2",
        "typed error": "0 / 0",
        "untyped error": "0 / 0",
        "lost": "1 / 0",
        "refused": "0 / 0",
        "hung": "0 / 0",
        "wrong": "0 / 0",
        "longest failure": "0.5 s / –",
        "recovered after": "2 s / 0 s",
    }
    assert first.details() == {"lost: d (chat)": 1}
