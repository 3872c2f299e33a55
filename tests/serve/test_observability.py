"""What an operator sees: metrics through Ray, one log line a request, no texts in either."""

import os
import signal
from pathlib import Path

import httpx2
import pytest

from tests.support.server import Server
from tests.support.waiting import wait_until

SECRET = "xylophone-of-the-north"


def metrics(server: Server) -> str:
    """Return what Prometheus would read from this node."""
    return httpx2.get(server.metrics, timeout=30).text


def logs(server: Server) -> str:
    """Return all logs of the run."""
    files = server.logs.rglob("*")
    return "".join(f.read_text(errors="replace") for f in files if f.is_file())


def test_request_is_counted_by_kind_model_and_status(server: Server) -> None:
    body = {"messages": [{"role": "user", "content": SECRET}], "max_tokens": 3}
    answer = httpx2.post(
        f"{server.url}/v1/chat/completions",
        json=body,
        headers={"x-request-id": "req-to-find"},
        timeout=30,
    )
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == "req-to-find"

    def is_counted() -> bool:
        return any(
            line.startswith("ray_homeport_requests_total{")
            and 'kind="chat"' in line
            and 'model="homeport-chat"' in line
            and 'status="200"' in line
            for line in metrics(server).splitlines()
        )

    wait_until(is_counted, 40, "Ray's metrics do not show the request")
    assert "ray_homeport_work_total" in metrics(server)
    assert "ray_homeport_request_seconds_bucket" in metrics(server)


@pytest.mark.parametrize("kind", ["ingress", "chat", "embeddings"])
def test_delays_of_event_loops_are_metrics(server: Server, kind: str) -> None:
    def is_measured() -> bool:
        return any(
            line.startswith("ray_homeport_event_loop_delay_seconds_count{")
            and f'kind="{kind}"' in line
            for line in metrics(server).splitlines()
        )

    wait_until(is_measured, 40, f"Ray's metrics do not show the event loop of {kind}")


def test_request_is_one_log_line_without_its_text(server: Server) -> None:
    body = {
        "messages": [{"role": "user", "content": SECRET}],
        "max_tokens": 3,
        "ignore_eos": True,
    }
    headers = {"x-request-id": "req-in-the-log", "authorization": "Bearer sk-never-in-a-log"}
    httpx2.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=30)

    wait_until(lambda: "id=req-in-the-log" in logs(server), 30)
    lines = [line for line in logs(server).splitlines() if "id=req-in-the-log" in line]
    assert len({line[line.index(" 200 ") :] for line in lines}) == 1
    assert "completion_tokens=3" in lines[0]
    assert SECRET not in logs(server)
    assert "sk-never-in-a-log" not in logs(server)


def test_logs_of_a_run_are_in_its_directory_and_have_no_secrets(server: Server) -> None:
    headers = {"x-request-id": "req-of-a-file", "authorization": "Bearer sk-never-in-a-log"}
    url = f"https://me:{SECRET}@127.0.0.1:1/file.pdf?X-Amz-Signature={SECRET}"
    for path, body in {
        "chat/completions": {"messages": [{"role": "user", "content": SECRET}], "max_tokens": -1},
        "completions": {"prompt": SECRET, "max_tokens": 2, "user": SECRET},
        "embeddings": {"input": SECRET},
        "audio/speech": {"input": SECRET},
        "images/generations": {"prompt": SECRET, "size": "256x256"},
        "responses": {
            "input": [{"role": "user", "content": [{"type": "input_file", "file_url": url}]}]
        },
    }.items():
        httpx2.post(f"{server.url}/v1/{path}?key={SECRET}", json=body, headers=headers, timeout=60)
    file = ("a.txt", SECRET.encode())
    httpx2.post(
        f"{server.url}/v1/files",
        files={"file": file},
        data={"purpose": "user_data"},
        headers=headers,
        timeout=60,
    )
    wait_until(lambda: "POST /v1/files" in (server.logs / "serve.log").read_text(), 30)

    assert server.logs.parent.name == "logs"
    assert (server.logs.parent / "latest").is_symlink()
    names = [file.name for file in (server.logs / "ray").rglob("*")]
    for part in ("replica_ingress", "replica_chat", "controller", "proxy"):
        assert any(name.startswith(part) and name.endswith(".log") for name in names), part
    for name in ("raylet.out", "gcs_server.out", "dashboard.log", "monitor.log"):
        assert name in names
    written = logs(server)
    assert "(EngineCore" in written
    assert "haproxy[" in (server.logs / "haproxy.log").read_text()
    token = (Path.home() / ".ray" / "auth_token").read_text()
    for secret in (SECRET, "sk-never-in-a-log", token):
        assert secret not in written


@pytest.mark.timeout(200)
def test_process_that_crashes_leaves_its_last_lines(server: Server) -> None:
    replica = server.replica_pid("speech", "SpeechDeployment")

    os.kill(replica, signal.SIGSEGV)

    wait_until(lambda: "Fatal Python error: Segmentation fault" in logs(server), 30)
    wait_until(lambda: server.pids("ray::ServeReplica:speech") not in ([], [replica]), 60)
    wait_until(lambda: set(server.states().values()) == {"ready"}, 60)
