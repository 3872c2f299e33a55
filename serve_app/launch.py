"""``make serve``: runs ``serve run CONFIG``, says how it goes, and ends all of it on Ctrl-C."""

import argparse
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
from pathlib import Path
from typing import Any

import yaml

from serve_app.config import LOOPBACK_HOSTS
from serve_app.processes import adopt_orphans, end_descendants, reap_orphans
from serve_app.ray_environment import ray_environment

POLL_S = 0.5
SHUTDOWN_S = 20
"""Serve lets running requests end; what is left after that is ended by force."""

EXAMPLE = """
Homeport is ready: {url}/v1  (models: {models})

  curl {url}/v1/chat/completions -H 'Content-Type: application/json' \\
    -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "What is 2+2?"}}]}}'

Ray's dashboard: {dashboard}   Log: {log}   Stop: Ctrl-C
"""


def main() -> int:
    """Serve the configuration named on the command line until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    config_path: Path = parser.parse_args().config
    try:
        http = yaml.safe_load(config_path.read_text(encoding="utf-8")).get("http_options") or {}
    except OSError as error:
        return _fail(f"{config_path}: {error.strerror}")
    host, port = str(http.get("host", "0.0.0.0")), int(http.get("port", 8000))
    if not _is_free(host, port):
        return _fail(
            f"Port {port} is taken. Stop the program that uses it, or set http_options.port in "
            f"{config_path}."
        )
    with tempfile.TemporaryDirectory(prefix="homeport-") as directory:
        return _serve(config_path, host, port, Path(directory))


def _serve(config: Path, host: str, port: int, directory: Path) -> int:
    log = directory / "serve.log"
    environment = {**ray_environment(directory), **_for_one_machine(), **os.environ}
    command = [str(Path(sys.prefix) / "bin" / "serve"), "run", "--address", "local", str(config)]
    adopt_orphans()
    stopped = _on_interrupt()
    print(f"Starting Ray and the models of {config} …", flush=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        reachable = "127.0.0.1" if host in LOOPBACK_HOSTS | {"0.0.0.0"} else host
        _follow(process, f"http://{reachable}:{port}", log, stopped)
    finally:
        print("Stopping …", flush=True)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _stop(process)
    if stopped:
        return 0
    tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
    return _fail("serve run ended by itself. Its last lines:\n" + "\n".join(tail))


def _follow(process: "subprocess.Popen[bytes]", url: str, log: Path, stopped: list[int]) -> None:
    """Report each change of a model's state until the process ends or someone stops it."""
    started, seen, ready = time.monotonic(), dict[str, str](), False
    while process.poll() is None and not stopped:
        reap_orphans()
        time.sleep(POLL_S)
        states = _get(f"{url}/readyz").get("models", {})
        for model, state in states.items():
            if seen.get(model) != state:
                print(f"{time.monotonic() - started:6.1f} s  {model}: {state}", flush=True)
        seen = states or seen
        running = [model for model, state in states.items() if state in ("ready", "idle")]
        if running and not ready and "loading" not in states.values():
            ready = True
            _print_example(url, running, log)


def _print_example(url: str, models: list[str], log: Path) -> None:
    text = log.read_text(encoding="utf-8", errors="replace")
    address = re.search(r"dashboard at .*?(http://[\w.:]+)", text)
    dashboard = address[1] if address else "off"
    names = ", ".join(models)
    print(
        EXAMPLE.format(url=url, models=names, model=models[0], dashboard=dashboard, log=log),
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


def _get(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:  # not ready is a 503 with the same body
        try:
            return json.load(error)
        except ValueError:
            return {}
    except (OSError, ValueError):
        return {}


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

    HAProxy gets other ports for its statistics and metrics where the usual ones are taken, and
    nobody waits half a minute for load balancers to notice that the server is going away.
    """
    ports = {"RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": "0"}
    for name, usual in (("STATS", 8404), ("METRICS", 9101)):
        if not _is_free("0.0.0.0", usual):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                ports[f"RAY_SERVE_HAPROXY_{name}_PORT"] = str(probe.getsockname()[1])
    return ports


def _fail(message: str) -> int:
    print(f"homeport: {message}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
