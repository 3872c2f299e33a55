"""``make serve``: runs ``serve run CONFIG``, reports the progress, and ends all of it on Ctrl-C."""

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from operate.logs import RunLogs, create_run
from operate.processes import adopt_orphans, end_descendants, reap_orphans
from operate.ray_environment import ray_environment
from operate.target import IngressFailedError, Target, lock_database, read_target
from operate.vital import RayEndedError, VitalProcesses, drain_requests
from serve_app.models.discovery import WAITS, find_last_cause
from wire.calls import Kind

POLL_S = 0.5
WATCH_S = 2
"""How often it looks once all models are there: looking costs the server, too."""
REASONS_S = 10
"""How often it reads what a loading model waits for. Unlike a probe, this is a line of the log."""
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
METRICS_PORT = 9464
"""Where OpenTelemetry's exporters for Prometheus are by default."""
DRAIN_S = 3
"""How long an ingress replica that goes stays reachable, for HAProxy to take it out. With 0 s, 11
of 60,000 requests lost their connection while it was replaced; with 2 s none of 69,000."""
SHUTDOWN_S = 20
"""Serve lets running requests end; what is left after that is ended by force."""
WRITE_S = 5
"""How long the last lines of processes that have ended may take to their file."""

RESTART = os.EX_TEMPFAIL
"""Exit code of a server that ran and ended by itself: another start may help. It does not help
after a 1, which a wrong configuration gives, too."""
TOKEN_COMMAND = ".venv/bin/ray get-auth-token"

_WHO = re.compile(r"^(?:\x1b\[[0-9;]*m)*\([^)\n]*pid=\d+\)(?:\x1b\[[0-9;]*m)* ?", re.MULTILINE)
"""What Ray writes before each line of another process."""

EXAMPLE = """
Homeport is ready: {url}/v1  (models: {models})

{curl}
Ray's dashboard: {dashboard}
Metrics for Prometheus: http://{metrics}/metrics
Log: {log}   Stop: Ctrl-C
"""

CHAT = """\
  curl {url}/v1/chat/completions -H 'Content-Type: application/json' \\
    -d '{{"model": "{model}", "messages": [{{"role": "user", "content": "What is 2+2?"}}]}}'
"""


def main() -> int:
    """Serve the configuration named on the command line until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--metrics-port", type=int, help=f"of Ray's metrics ({METRICS_PORT})")
    arguments = parser.parse_args()
    path: Path = arguments.config
    try:
        target = read_target(path)
    except ValueError as error:
        return _fail(str(error))
    if not _is_free(target.host, target.port):
        return _fail(
            f"Port {target.port} is taken. Stop the program that uses it, or set "
            f"http_options.port in {path}."
        )
    try:
        metrics_port = choose_metrics_port(arguments.metrics_port)
        lock = lock_database(target)
        logs = create_run()
    except (OSError, ValueError) as error:
        return _fail(str(error))
    with (
        lock or nullcontext(),
        tempfile.TemporaryDirectory(prefix="homeport-") as directory,
    ):
        return _serve(target, Path(directory), logs, metrics_port)


def choose_metrics_port(given: int | None) -> int:
    """Return the port of Ray's metrics: the given one, or the usual one where it is free.

    Raises:
        ValueError: the given one is taken, or none.
    """
    port = METRICS_PORT if given is None else given
    if port not in range(1, 2**16):
        raise ValueError(f"--metrics-port must be between 1 and 65535 (received {port}).")
    if _is_free("0.0.0.0", port):
        return port
    if given is None:
        return _any_free_port()
    raise ValueError(f"Port {port} for metrics is taken. Choose another --metrics-port.")


def _serve(target: Target, directory: Path, logs: RunLogs, metrics_port: int) -> int:
    sent = directory / "log"
    logs.receive(sent)
    environment = {
        **ray_environment(directory, haproxy_log=str(sent)),
        **_for_one_machine(),
        **os.environ,
    }
    # Ray's files are in the run's directory. By a short path: those of sockets have a limit.
    files = directory / "r"
    files.symlink_to(logs.session)
    command = [
        *(sys.executable, "-m", "operate.server", str(target.config)),
        *("--directory", str(files), "--metrics-port", str(metrics_port)),
    ]
    adopt_orphans()
    stopped = _on_interrupt()
    print(f"Starting Ray and the models of {target.config} … (log: {logs.serve_log})", flush=True)
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=[logs.lock.fileno()],
    )
    assert process.stdout is not None
    writing = logs.keep(process.stdout)
    failed = None
    has_served = has_lost_ray = False
    try:
        has_served = _follow(process, target, logs, metrics_port, stopped)
    except IngressFailedError as error:
        failed = error
    except RayEndedError as error:
        has_lost_ray = True
        _fail(f"{error}. Nothing replaces it: start the server again.")
        drain_requests()
        process.kill()  # it cannot shut Serve down any more
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with suppress(OSError):  # whoever read it may have gone
            print("Stopping …", flush=True)
        _stop(process)
        writing.join(WRITE_S)
    if stopped:
        return 0
    where = f"All logs: {logs.folder}"
    if has_lost_ray:
        return _fail(where, RESTART)
    text = logs.read()
    if failed:
        cause = find_last_cause(_WHO.sub("", text))
        return _fail(f"the ingress could not be started: {cause}\n{where}")
    tail = text.splitlines()[-15:]
    message = "\n".join(["serve run ended by itself. Its last lines:", *tail, where])
    return _fail(message, RESTART if has_served else 1)


def _follow(
    process: "subprocess.Popen[bytes]",
    target: Target,
    logs: RunLogs,
    metrics_port: int,
    stopped: list[int],
) -> bool:
    """Report each change of a model's state until the process ends or someone stops it.

    Return whether it has served.
    """
    started, ready = time.monotonic(), False
    states: dict[str, str] = {}
    seen: dict[str, Status] = {}
    looked = read_at = started
    vital = VitalProcesses()
    while process.poll() is None and not stopped:
        reap_orphans()
        time.sleep(POLL_S)
        if states:
            vital.check()
        if ready and time.monotonic() < looked + WATCH_S:
            continue
        looked = time.monotonic()
        current: dict[str, str] = target.get("/readyz").get("models", {})
        is_due = "loading" in current.values() and looked > read_at + REASONS_S
        if not current or (current == states and not is_due):
            continue
        states, read_at = current, looked
        statuses = _read_statuses(target)
        for model, status in statuses.items():
            if seen.get(model) != status:
                print(f"{looked - started:6.1f} s  {model}: {status}", flush=True)
        seen = statuses or seen
        running = {model: each for model, each in statuses.items() if each.is_running}
        if running and not ready and not any(each.is_coming for each in statuses.values()):
            ready = True
            _print_example(target, running, logs, metrics_port)
    return bool(states)


@dataclass(frozen=True)
class Status:
    """A model's state, as ``/v1/models`` reports it."""

    kind: str
    state: str
    reason: str | None

    @property
    def is_running(self) -> bool:
        """Whether it answers requests."""
        return self.state in ("ready", "idle")

    @property
    def is_coming(self) -> bool:
        """Whether it will be ready in a while, unless it fails."""
        return self.state == "loading" and not (self.reason or "").startswith(WAITS)

    def __str__(self) -> str:
        return f"{self.state} ({self.reason})" if self.reason else self.state


def _read_statuses(target: Target) -> dict[str, Status]:
    models = target.get("/v1/models").get("data", ())
    return {
        model["id"]: Status(model["kind"], model["state"], model["reason"])
        for model in models
        if not model["parent"]
    }


def _print_example(
    target: Target, running: dict[str, Status], logs: RunLogs, metrics_port: int
) -> None:
    url = target.url
    chat = next((model for model, status in running.items() if status.kind == Kind.CHAT), None)
    curl = CHAT.format(url=url, model=chat) if chat else f"  curl {url}/v1/models\n"
    address = re.search(r"dashboard at .*?(http://[\w.:]+)", logs.read())
    dashboard = f"{address[1]}   Its token: {TOKEN_COMMAND}" if address else "off"
    names = ", ".join(running)
    print(
        EXAMPLE.format(
            url=url,
            models=names,
            curl=curl,
            dashboard=dashboard,
            metrics=f"127.0.0.1:{metrics_port}",
            log=logs.serve_log,
        ),
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
            ports[f"RAY_SERVE_{name}_PORT"] = str(_any_free_port())
    return ports


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _fail(message: str, code: int = 1) -> int:
    print(f"homeport: {message}", file=sys.stderr, flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
