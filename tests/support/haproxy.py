"""The real HAProxy with a configuration as Serve writes it."""

import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from operate.ray_environment import SETTINGS
from tests.support.waiting import wait_until

HAPROXY = Path(sys.executable).with_name("homeport-haproxy")

TEMPLATE = """\
global
    log {directory}/log local0 info
    stats socket {directory}/admin.sock mode 666 level admin expose-fd listeners
    maxconn 4096
    nbthread 1
defaults
    mode http
    timeout connect 5s
    timeout client 3600s
    timeout server 3600s
    timeout http-keep-alive 90s
    log global
    option httplog
    option abortonclose
    option splice-request
    option redispatch 1
    retry-on {retry_on}
    retries {retries}
    errorfile 502 {directory}/500.http
    errorfile 503 {directory}/500.http
    errorfile 504 {directory}/500.http
frontend prometheus
    bind :{metrics_port}
    mode http
frontend http_frontend
    bind 127.0.0.1:{port}
    log global
    log {directory}/metrics len 8192 format rfc5424 local1 debug
    log-format-sd "%{{+Q,+E}}o [serve@1 method=%HM status=%ST]"
{route}    default_backend default_backend
backend default_backend
    http-request return status 404 content-type text/plain lf-string "Path '%[path]' not found."
{backend}"""
BACKEND = "backend ingress\n    server one 127.0.0.1:{upstream}\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_config(directory: Path, port: int, upstream: int | None) -> Path:
    """Write a configuration as Serve does, which has no routes at first."""
    routed = upstream is not None
    config = directory / "haproxy.cfg"
    config.write_text(
        TEMPLATE.format(
            directory=directory,
            port=port,
            metrics_port=free_port(),
            retry_on=SETTINGS["RAY_SERVE_HAPROXY_RETRY_ON"],
            retries=SETTINGS["RAY_SERVE_HAPROXY_RETRIES"],
            route="    use_backend ingress\n" if routed else "",
            backend=BACKEND.format(upstream=upstream) if routed else "",
        )
    )
    return config


@contextmanager
def run_haproxy(directory: Path, upstream: int | None) -> Generator[int]:
    """Run HAProxy as Serve does; yield its port."""
    port = free_port()
    config = write_config(directory, port, upstream)
    process = subprocess.Popen(
        [HAPROXY, "-db", "-f", str(config)],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_open(port) or process.poll() is not None, 20)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def is_open(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
        return True
    return False
