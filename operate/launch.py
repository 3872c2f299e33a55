"""``make serve``: runs ``serve run CONFIG``, says how it goes, and ends all of it on Ctrl-C."""

import argparse
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from operate.processes import adopt_orphans, end_descendants, reap_orphans
from operate.ray_environment import ray_environment
from serve_app.config import LOOPBACK_HOSTS, IngressConfig, check_exposure
from serve_app.models.discovery import find_last_cause
from wire.calls import Kind

POLL_S = 0.5
WATCH_S = 2
"""How often it looks once all models are there: looking costs the server, too."""
DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""This machine is asked past any proxy that the environment names."""
INGRESS_PORTS = range(30_000, 32_700)
"""From Serve's first to where the kernel's own begin."""
PORTS_OF_ONE = 100
USUAL_PORTS = {
    "HAPROXY_STATS": 8404,
    "HAPROXY_METRICS": 9101,
    "FALLBACK_PROXY_HTTP": 8500,
    "FALLBACK_PROXY_GRPC": 9500,
}
"""Serve's own, the same in each cluster."""
DRAIN_S = 3
"""How long an ingress replica that goes stays reachable, for HAProxy to take it out. With 0 s, 11
of 60,000 requests lost their connection while it was replaced; with 2 s none of 69,000."""
SHUTDOWN_S = 20
"""Serve lets running requests end; what is left after that is ended by force."""

_WHO = re.compile(r"^(?:\x1b\[[0-9;]*m)*\([^)\n]*pid=\d+\)(?:\x1b\[[0-9;]*m)* ?", re.MULTILINE)
"""What Ray writes before each line of another process."""

EXAMPLE = """
Homeport is ready: {url}/v1  (models: {models})

{curl}
Ray's dashboard: {dashboard}   Log: {log}   Stop: Ctrl-C
"""

CHAT = """\
  curl {url}/v1/chat/completions -H 'Content-Type: application/json' \\
    -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "What is 2+2?"}}]}}'
"""


def main() -> int:
    """Serve the configuration named on the command line until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    path: Path = parser.parse_args().config
    try:
        target = _target(path)
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
        return _fail(f"{path}: {reason}")
    if not _is_free(target.host, target.port):
        return _fail(
            f"Port {target.port} is taken. Stop the program that uses it, or set "
            f"http_options.port in {path}."
        )
    with tempfile.TemporaryDirectory(prefix="homeport-") as directory:
        return _serve(target, Path(directory))


class IngressFailedError(Exception):
    """Serve has given up starting the ingress: nothing will ever answer."""


@dataclass(frozen=True)
class Target:
    """What is to be served, where, and the key to look at it."""

    config: Path
    host: str
    port: int
    key: str | None

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        host = "127.0.0.1" if self.host in LOOPBACK_HOSTS | {"0.0.0.0"} else self.host
        return f"http://{host}:{self.port}"

    def get(self, path: str) -> dict[str, Any]:
        """Return the JSON at a path, also of a refusal; nothing while nobody answers.

        Raises:
            IngressFailedError: nobody will.
        """
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with DIRECTLY.open(request, timeout=5) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:  # not ready is a 503 with the same body
            body = error.read()
            if b"failed to deploy" in body:  # Serve's proxy, in the place of the ingress
                raise IngressFailedError from None
            with suppress(ValueError):
                return json.loads(body)
        except (OSError, ValueError, http.client.HTTPException):
            pass
        return {}


def _target(path: Path) -> Target:
    """Read the configuration and check what would make the ingress refuse to start.

    Raises:
        OSError, ValueError, yaml.YAMLError: says what is wrong with it.
    """
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(config, dict) or "applications" not in config:
        raise ValueError("not a Ray Serve config file: it lists no applications")
    details: dict[str, Any] = config
    http = details.get("http_options") or {}
    keys = frozenset[str]()
    for application in details["applications"]:
        if application.get("import_path") == "serve_app.app:build":
            ingress = IngressConfig.model_validate(application.get("args") or {})
            keys = ingress.api_keys()
            check_exposure(ingress, keys, details)
            ingress.database()
    return Target(
        path, str(http.get("host", "0.0.0.0")), int(http.get("port", 8000)), min(keys, default=None)
    )


def _serve(target: Target, directory: Path) -> int:
    log = directory / "serve.log"
    environment = {**ray_environment(directory), **_for_one_machine(), **os.environ}
    command = [
        str(Path(sys.prefix) / "bin" / "serve"),
        *("run", "--address", "local", str(target.config)),
    ]
    adopt_orphans()
    stopped = _on_interrupt()
    print(f"Starting Ray and the models of {target.config} … (log: {log})", flush=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    failed = False
    try:
        _follow(process, target, log, stopped)
    except IngressFailedError:
        failed = True
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with suppress(OSError):  # whoever read it may have gone
            print("Stopping …", flush=True)
        _stop(process)
    if stopped:
        return 0
    text = log.read_text(encoding="utf-8", errors="replace")
    if failed:
        return _fail(f"the ingress could not be started: {find_last_cause(_WHO.sub('', text))}")
    tail = text.splitlines()[-15:]
    return _fail("serve run ended by itself. Its last lines:\n" + "\n".join(tail))


def _follow(
    process: "subprocess.Popen[bytes]", target: Target, log: Path, stopped: list[int]
) -> None:
    """Report each change of a model's state until the process ends or someone stops it."""
    started, seen, ready = time.monotonic(), dict[str, str](), False
    looked = started
    while process.poll() is None and not stopped:
        reap_orphans()
        time.sleep(POLL_S)
        if ready and time.monotonic() < looked + WATCH_S:
            continue
        looked = time.monotonic()
        states = target.get("/readyz").get("models", {})
        for model, state in states.items():
            if seen.get(model) != state:
                seconds = time.monotonic() - started
                print(
                    f"{seconds:6.1f} s  {model}: {state}{_explain(target, model, state)}",
                    flush=True,
                )
        seen = states or seen
        running = [model for model, state in states.items() if state in ("ready", "idle")]
        if running and not ready and "loading" not in states.values():
            ready = True
            _print_example(target, running, log)


def _explain(target: Target, model: str, state: str) -> str:
    reason = target.get(f"/v1/models/{model}").get("reason") if state == "failed" else None
    return f" ({reason})" if reason else ""


def _print_example(target: Target, models: list[str], log: Path) -> None:
    url = target.url
    kinds = {model["id"]: model["kind"] for model in target.get("/v1/models").get("data", ())}
    chat = next((model for model in models if kinds.get(model) == Kind.CHAT), None)
    curl = CHAT.format(url=url, model=chat) if chat else f"  curl {url}/v1/models\n"
    text = log.read_text(encoding="utf-8", errors="replace")
    address = re.search(r"dashboard at .*?(http://[\w.:]+)", text)
    dashboard = address[1] if address else "off"
    names = ", ".join(models)
    print(
        EXAMPLE.format(url=url, models=names, curl=curl, dashboard=dashboard, log=log),
        flush=True,
    )


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(SHUTDOWN_S)
        except subprocess.TimeoutExpired:
            process.kill()
    end_descendants()


def _on_interrupt() -> list[int]:
    """Note SIGINT, SIGTERM and SIGHUP instead of dying of them."""
    stopped: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: stopped.append(received))
    return stopped


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _for_one_machine() -> dict[str, str]:
    """Return settings for a server that one person starts and stops.

    Two on one machine must not meet: HAProxy gets other ports for its statistics, its metrics and
    Serve's own proxy behind it where the usual ones are taken, and the ingress replicas get a range
    that depends on this process, since Serve hands out the same ports in each cluster. Nobody waits
    half a minute for load balancers to notice that the server is going away: here is only HAProxy.
    """
    first = INGRESS_PORTS.start + os.getpid() * PORTS_OF_ONE % len(INGRESS_PORTS)
    ports = {
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": str(DRAIN_S),
        "RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT": str(first),
        "RAY_SERVE_DIRECT_INGRESS_MAX_HTTP_PORT": str(first + PORTS_OF_ONE - 1),
    }
    for name, usual in USUAL_PORTS.items():
        if not _is_free("0.0.0.0", usual):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                ports[f"RAY_SERVE_{name}_PORT"] = str(probe.getsockname()[1])
    return ports


def _fail(message: str) -> int:
    print(f"homeport: {message}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
