"""What an operator sees: metrics through Ray, one log line a request, no texts in either."""

from typing import Any

import httpx2
import pytest
import ray

from tests.serve.server import Server
from tests.support.waiting import wait_until

SECRET = "xylophone-of-the-north"


def metrics() -> str:
    """Return what Prometheus would read from this node."""
    (node,) = ray.nodes()
    return httpx2.get(
        f"http://{node['NodeManagerAddress']}:{node['MetricsExportPort']}/metrics", timeout=30
    ).text


def test_request_is_counted_by_kind_model_and_status(server: Server, replica_load: Any) -> None:
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
            for line in metrics().splitlines()
        )

    wait_until(is_counted, 40, "Ray's metrics do not show the request")
    assert "ray_homeport_work_total" in metrics()
    assert "ray_homeport_request_seconds_bucket" in metrics()


@pytest.mark.parametrize("kind", ["ingress", "chat", "embeddings"])
def test_delays_of_event_loops_are_metrics(server: Server, replica_load: Any, kind: str) -> None:
    def is_measured() -> bool:
        return any(
            line.startswith("ray_homeport_event_loop_delay_seconds_count{")
            and f'kind="{kind}"' in line
            for line in metrics().splitlines()
        )

    wait_until(is_measured, 40, f"Ray's metrics do not show the event loop of {kind}")


def test_request_is_one_log_line_without_its_text(server: Server, ray_directory: Any) -> None:
    body = {
        "messages": [{"role": "user", "content": SECRET}],
        "max_tokens": 3,
        "ignore_eos": True,
    }
    headers = {"x-request-id": "req-in-the-log", "authorization": "Bearer sk-never-in-a-log"}
    httpx2.post(f"{server.url}/v1/chat/completions", json=body, headers=headers, timeout=30)

    def logs() -> str:
        files = (ray_directory / "ray" / "session_latest" / "logs").rglob("*")
        return "".join(f.read_text(errors="replace") for f in files if f.is_file())

    wait_until(lambda: "id=req-in-the-log" in logs(), 30)
    lines = [line for line in logs().splitlines() if "id=req-in-the-log" in line]
    assert len({line[line.index(" 200 ") :] for line in lines}) == 1
    assert "completion_tokens=3" in lines[0]
    assert SECRET not in logs()
    assert "sk-never-in-a-log" not in logs()
