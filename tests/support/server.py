"""A real server: `make serve` in a process of its own, on a Ray of its own."""

import copy
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2
import yaml
from openai import OpenAI
from ray.dashboard.modules.serve.sdk import ServeSubmissionClient

from operate.processes import descendants
from serve_app.config import DATABASE_URL_VARIABLE
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]
LOCAL = yaml.safe_load((ROOT / "configs" / "test.yaml").read_text())
QUIET_PORTS = range(20_000, 29_000)
"""Below those that Linux gives to whoever asks for any, as Ray's processes do at any time."""
START_S = 300
"""All kinds import their libraries at once, on two cores."""


class Server:
    """A running server and its configuration, which the test may change."""

    def __init__(
        self,
        directory: Path,
        changes: Callable[[dict[str, Any]], None],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._environment = environment or {}
        self.config = copy.deepcopy(LOCAL)
        self.config["http_options"]["port"] = free_port()
        ingress = application(self.config, "ingress")
        ingress.setdefault("args", {}).setdefault("files_url", str(directory / "files"))
        changes(self.config)
        self.directory = directory
        self.config_path = directory / "serve.yaml"
        self.log_path = directory / "output.log"
        self.url = f"http://127.0.0.1:{self.config['http_options']['port']}"
        self.client = OpenAI(base_url=f"{self.url}/v1", api_key="none", max_retries=0, timeout=60)

    def start(self) -> None:
        """Run `make serve` until every model is ready."""
        self._write()
        with self.log_path.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", "--no-print-directory", "serve", f"CONFIG={self.config_path}"],
                cwd=ROOT,
                env={
                    **os.environ,
                    "XDG_STATE_HOME": str(self.directory / "state"),
                    DATABASE_URL_VARIABLE: f"sqlite:///{self.directory}/homeport.db",
                    **self._environment,
                },
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(lambda: "is ready" in self.output or self.process.poll() is not None, START_S)
        assert self.process.poll() is None, self.output

    def stop(self) -> None:
        """Send what Ctrl-C sends, to the whole session, and wait until the command returns."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(120)

    @staticmethod
    def processes() -> list[str]:
        """Return the running processes that belong to the server, by the environment they have.

        Processes of other tests have it too, but they are still children of this one.
        """
        mark = f"RAY_TMPDIR={os.environ['RAY_TMPDIR']}".encode()
        ours = {"self", "thread-self", str(os.getpid()), *map(str, descendants(os.getpid()))}
        found: list[str] = []
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name not in ours and (
                    mark in (entry / "environ").read_bytes().split(b"\0")
                ):
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found

    def deploy(self, applications: list[dict[str, Any]]) -> None:
        """Run `serve deploy` with these applications and no others."""
        self.config["applications"] = applications
        self._write()
        subprocess.run(
            [ROOT / ".venv/bin/serve", "deploy", "-a", self.dashboard, self.config_path],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )

    @contextmanager
    def also(self, *applications: dict[str, Any]) -> Generator[None]:
        """Deploy applications beside those there are, and remove them in the end."""
        before = list(self.config["applications"])
        self.deploy([*before, *applications])
        try:
            yield
        finally:
            self.deploy(before)
            self.settle()

    def settle(self) -> None:
        """Wait until nothing runs any more of applications that were removed.

        A replica that was still starting would take both cores from the next test.
        """
        names = {each["name"] for each in self.config["applications"]}
        wait_until(lambda: set(self.applications()) == names, 120, "an application does not go")

    def applications(self) -> dict[str, Any]:
        """Return Serve's details of each application."""
        return ServeSubmissionClient(self.dashboard).get_serve_details()["applications"]

    @property
    def output(self) -> str:
        """What `make serve` printed."""
        return self.log_path.read_text(errors="replace")

    @property
    def logs(self) -> Path:
        """The directory of the run's logs."""
        return Path(self.output.partition("Log: ")[2].split()[0]).parent

    @property
    def metrics(self) -> str:
        """Where Prometheus reads the metrics of this node."""
        return self.output.partition("Metrics for Prometheus: ")[2].split()[0]

    @property
    def dashboard(self) -> str:
        """The address of Ray's dashboard, as printed for the user."""
        address = re.search(r"dashboard: (\S+)", self.output)
        assert address, self.output
        return address[1]

    def replica_pid(self, name: str, deployment: str) -> int:
        """Return the process of the one replica of a deployment."""
        (replica,) = self.applications()[name]["deployments"][deployment]["replicas"]
        return replica["pid"]

    def pids(self, title: str) -> list[int]:
        """Return the processes whose title begins so."""
        found: list[int] = []
        for pid in self.children(self.process.pid):
            with suppress(OSError):  # it has ended meanwhile
                if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(title.encode()):
                    found.append(pid)
        return found

    @staticmethod
    def children(pid: int) -> list[int]:
        """Return the processes below one."""
        return descendants(pid)

    def states(self) -> dict[str, str]:
        """Return the models' states."""
        return httpx2.get(f"{self.url}/readyz", timeout=30).json()["models"]

    def _write(self) -> None:
        self.config_path.write_text(yaml.safe_dump(self.config, sort_keys=False))


def application(config: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an application of a configuration."""
    return next(app for app in config["applications"] if app["name"] == name)


def chat_application(server: Server, name: str, path: str, **options: Any) -> dict[str, Any]:
    """Return an application like the chat model's, with another model."""
    app = copy.deepcopy(application(server.config, "chat"))
    app["name"] = name
    app["args"] |= {"model_id": name, "aliases": [f"{name}-alias"], "model": path}
    app["args"]["engine_kwargs"]["max_model_len"] = 256
    app["deployments"][0] |= options
    return app


@contextmanager
def make_ray_directory() -> Generator[Path]:
    """Ray's files, apart from those of any other Ray on this machine. Short: sockets live there."""
    directory = Path(tempfile.mkdtemp(prefix="hp", dir="/tmp"))
    os.environ["RAY_TMPDIR"] = str(directory)
    try:
        yield directory
    finally:
        del os.environ["RAY_TMPDIR"]
        shutil.rmtree(directory, ignore_errors=True)


def free_port() -> int:
    """Return a port where nobody listens, of those that are given to nobody who asks for any."""
    for port in random.sample(QUIET_PORTS, len(QUIET_PORTS)):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("No port is free.")
