"""What goes wrong in production: clients leave, load exceeds the limit, processes die."""

import copy
import json
import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import OpenAI, Stream
from openai.types.chat import ChatCompletionChunk

from tests.serve.conftest import MAX_REQUESTS
from tests.support.server import Server, application
from tests.support.waiting import wait_until

Load = Callable[[], dict[str, int]]
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
ENDLESS: dict[str, Any] = {"messages": HELLO, "max_tokens": 2000, "ignore_eos": True}
"""Takes seconds unless it is aborted, with 16 answers far more than 10."""


def endless_stream(client: OpenAI) -> Stream[ChatCompletionChunk]:
    return client.chat.completions.create(
        model="gpt-4o",
        messages=HELLO,
        max_tokens=2000,
        stream=True,
        extra_body={"ignore_eos": True},
    )


def idle(load: dict[str, int]) -> bool:
    return load == {"held": 0, "unfinished": 0}


def test_client_that_leaves_a_stream_stops_the_engine(server: Server, replica_load: Load) -> None:
    url = f"{server.url}/v1/chat/completions"
    with (
        httpx2.Client(timeout=30) as http,
        http.stream("POST", url, json={**ENDLESS, "n": 16, "stream": True}) as answer,
    ):
        events = answer.iter_lines()
        for _ in range(5):
            next(events)
        assert replica_load() == {"held": 16, "unfinished": 16}

    wait_until(lambda: idle(replica_load()), 10, "the engine works on for a client that left")


@pytest.mark.parametrize("header", ["", "X-Request-Disconnect-Disabled: ?1\r\n"])
@pytest.mark.parametrize("stream", [False, True])
def test_client_that_leaves_before_the_first_byte_stops_the_engine(
    server: Server, replica_load: Load, stream: bool, header: str
) -> None:
    """Whatever its headers ask of Serve: one of them would switch the watch off."""
    body = json.dumps({**ENDLESS, "n": 16, "stream": stream}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n{header}"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )

    loads: list[dict[str, int]] = []

    def works() -> bool:
        loads.append(replica_load())
        if loads[-1]["unfinished"] > 0:
            return True
        answered, _, _ = select.select([connection], [], [], 0)
        assert not answered, f"answered, engine idle: {loads}, {connection.recv(4096)!r}"
        return False

    url = httpx2.URL(server.url)
    with socket.create_connection((url.host, url.port)) as connection:
        # Apart, as httpx2 sends them: HAProxy's splicing lost the client's leaving after this.
        connection.sendall(head.encode())
        connection.sendall(body)
        wait_until(works, 20)

    wait_until(lambda: idle(replica_load()), 10, "the engine works on for a client that left")


def test_overload_is_shed_with_429_and_everyone_admitted_is_served(
    client: OpenAI, replica_load: Load
) -> None:
    together = 3 * MAX_REQUESTS
    barrier = threading.Barrier(together)
    refusals: list[tuple[str | None, str]] = []

    def ask() -> int | None:
        barrier.wait(30)
        try:
            stream = client.chat.completions.create(
                model="gpt-4o",
                messages=HELLO,
                max_tokens=60,
                stream=True,
                stream_options={"include_usage": True},
                extra_body={"ignore_eos": True},
            )
        except openai.RateLimitError as error:
            refusals.append((error.code, error.response.headers["retry-after"]))
            return None
        usage = list(stream)[-1].usage
        return usage.completion_tokens if usage else 0

    with ThreadPoolExecutor(together) as pool:
        served = [future.result(120) for future in [pool.submit(ask) for _ in range(together)]]

    assert set(refusals) == {("model_overloaded", "1")}
    assert served.count(60) >= MAX_REQUESTS
    assert served.count(None) + served.count(60) == together
    wait_until(lambda: idle(replica_load()), 20)
    assert client.chat.completions.create(model="gpt-4o", messages=HELLO).choices


def test_headers_that_serve_reads_do_not_fail_a_request(server: Server) -> None:
    url = f"{server.url}/v1/chat/completions"
    odd = {b"x-request-id": b"\xff", b"x-request-timeout-seconds": b"0.001"}
    answer = httpx2.post(url, json={"messages": HELLO}, headers=list(odd.items()), timeout=30)
    assert answer.status_code == 200, answer.text


class Askers:
    """Callers that keep their connections and ask again and again, and what went wrong for them."""

    def __init__(self, url: str, callers: int = 8) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self._url = url
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(callers)]

    def __enter__(self) -> "Askers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        with httpx2.Client(timeout=30) as http:
            while not self._enough.wait(0.01):
                try:
                    answer = http.get(self._url)
                except httpx2.HTTPError as error:
                    self.failures.append(repr(error))
                    continue
                self.answered += 1
                if answer.status_code != 200:
                    self.failures.append(answer.text)


def test_killed_haproxy_is_replaced_and_until_it_has_routes_answers_typed(server: Server) -> None:
    url = f"{server.url}/v1/models"
    before = find_haproxy(server)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    answers: list[httpx2.Response] = []

    def answers_as_before() -> bool:
        with suppress(httpx2.HTTPError):  # refused
            answers.append(httpx2.get(url, timeout=5))
        return bool(answers) and answers[-1].status_code == 200

    wait_until(answers_as_before, 20, "HAProxy is not replaced")
    others = answers[:-1]
    assert {answer.status_code for answer in others} <= {503}
    assert {answer.json()["error"]["code"] for answer in others} <= {"model_unavailable"}
    assert find_haproxy(server) != before


def find_haproxy(server: Server) -> list[int]:
    """Return the running HAProxy processes."""
    return [
        pid
        for pid in server.children(server.process.pid)
        if Path(f"/proc/{pid}/comm").read_text().strip() == "haproxy"
    ]


@pytest.mark.timeout(240)
def test_ingress_that_is_replaced_loses_no_request(server: Server) -> None:
    before = server.config["applications"]
    changed = copy.deepcopy(before)
    application({"applications": changed}, "ingress")["args"]["registry_poll_s"] = 0.6

    with Askers(f"{server.url}/v1/models") as askers:
        for applications in (changed, before):
            old = server.replica_pid("ingress", "Ingress")
            server.deploy(applications)
            wait_until(lambda old=old: not os.path.exists(f"/proc/{old}"), 90)

    assert askers.failures == []
    assert askers.answered > 100


@pytest.mark.timeout(240)
def test_engine_killed_mid_stream_is_a_typed_error_and_another_takes_over(
    server: Server, client: OpenAI
) -> None:
    below = server.children(server.replica_pid("chat", "ChatDeployment"))
    (engine,) = [pid for pid in below if "EngineCor" in Path(f"/proc/{pid}/comm").read_text()]
    chunks = iter(endless_stream(client))
    next(chunks)

    os.kill(engine, signal.SIGKILL)  # at once: no stream is endless

    with pytest.raises(openai.APIError) as raised:
        list(chunks)
    assert raised.value.code == "replica_lost"
    wait_until(lambda: server.states()["homeport-chat"] != "ready", 60)
    wait_until(lambda: server.states()["homeport-chat"] == "ready", 180)
    assert client.chat.completions.create(model="gpt-4o", messages=HELLO).choices


@pytest.mark.timeout(240)
def test_replica_killed_mid_stream_is_a_typed_error_and_another_takes_over(
    server: Server, client: OpenAI
) -> None:
    wait_until(lambda: server.states()["homeport-chat"] == "ready", 180)
    pid = server.replica_pid("chat", "ChatDeployment")
    below = server.children(pid)
    assert below, "the engine runs in processes of its own"
    chunks = iter(endless_stream(client))
    next(chunks)

    os.kill(pid, signal.SIGKILL)

    with pytest.raises(openai.APIError) as raised:
        list(chunks)
    assert raised.value.code == "replica_lost"
    wait_until(
        lambda: not any(os.path.exists(f"/proc/{child}") for child in below),
        30,
        "the engine outlived its replica",
    )
    wait_until(lambda: server.states()["homeport-chat"] != "ready", 60)
    with pytest.raises(openai.InternalServerError) as refused:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert refused.value.code == "model_loading"
    assert refused.value.response.headers["retry-after"]
    wait_until(lambda: server.states()["homeport-chat"] == "ready", 180)
    assert client.chat.completions.create(model="gpt-4o", messages=HELLO).choices


@pytest.mark.timeout(240)
def test_restart_of_serves_controller_leaves_the_replicas_at_work(
    server: Server, client: OpenAI
) -> None:
    wait_until(lambda: server.states()["homeport-chat"] == "ready", 180)
    replica = server.replica_pid("chat", "ChatDeployment")
    (controller,) = server.pids("ray::ServeController")
    chunks = iter(endless_stream(client))
    next(chunks)

    os.kill(controller, signal.SIGKILL)

    assert list(chunks), "the stream ended with its controller"
    wait_until(lambda: server.pids("ray::ServeController") not in ([], [controller]), 60)
    wait_until(lambda: bool(running_replicas(server)), 60)  # until then the new one recovers them
    wait_until(lambda: server.states()["homeport-chat"] == "ready", 60)
    assert client.chat.completions.create(model="gpt-4o", messages=HELLO).choices
    (found,) = running_replicas(server)
    assert found["pid"] == replica, "the replica was replaced"
    log = server.logs / "ray" / found["log_file_path"].lstrip("/")
    assert "homeport-chat loaded in" in log.read_text()


def running_replicas(server: Server) -> list[dict[str, Any]]:
    deployments = server.applications()["chat"]["deployments"]
    replicas = deployments["ChatDeployment"]["replicas"]
    return [replica for replica in replicas if replica["state"] == "RUNNING"]
