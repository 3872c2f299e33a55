"""Starts a server for faults, strikes it under load, and reports what its clients saw."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import httpx2

from serve_app.config import DATABASE_URL_VARIABLE
from tests.serve.faults.asking import Client, Samples
from tests.serve.faults.faults import Fault, Stage, wait
from tests.serve.faults.load import Load
from tests.support.outcomes import Result
from tests.support.postgresql import run_postgresql
from tests.support.server import Server, application
from tests.support.waiting import wait_until

DISK_BYTES = 2**30
BEFORE_S = 5
"""Under load before the fault."""
QUIET_S = 6
"""Without a failure, and the server has recovered."""
RECOVERY_S = 240
END_S = 150
"""The longest that a command may take to end that cannot go on."""


@contextmanager
def open_stage(*, of_two: bool = False) -> Generator[Stage]:
    """Run a server with its data, its logs and Ray's on a disk of its own, where that is allowed.

    Mounting one needs the rights of root.
    """
    disk = Path(tempfile.mkdtemp(prefix="hp", dir="/tmp"))  # short: sockets lie there
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
    is_small = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    os.environ["RAY_TMPDIR"] = str(disk)

    def changes(config: dict[str, Any]) -> None:
        config["applications"].remove(application(config, "rerank"))  # no client asks for it
        application(config, "ingress")["args"] = {"files_url": str(disk / "files")}
        if of_two:
            for name in ("ingress", "chat"):
                application(config, name)["deployments"][0]["num_replicas"] = 2

    with ExitStack() as stack:
        postgresql = stack.enter_context(run_postgresql()) if of_two else None
        database = postgresql.url if postgresql else f"sqlite:///{disk}/homeport.db"
        server = Server(disk, changes, {DATABASE_URL_VARIABLE: database})
        stack.callback(close, server, disk, is_small)
        server.start()
        wait_until(lambda: is_whole(server), RECOVERY_S, every_s=0.5)
        yield Stage(server, disk, is_small, postgresql)


def close(server: Server, disk: Path, is_small: bool) -> None:
    """Stop a server and remove its disk."""
    if server.process.poll() is None:
        server.stop()
    del os.environ["RAY_TMPDIR"]
    if is_small:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)
    shutil.rmtree(disk, ignore_errors=True)


def make_samples(server: Server) -> Samples:
    """Return what answers are compared with, made on a quiet server."""
    samples = Samples(Client(server.url))
    samples.make()
    return samples


def measure(stage: Stage, fault: Fault, samples: Samples) -> Result:
    """Return what the fault did to a mixed load."""
    with Load(stage.server.url, samples) as load:
        wait(BEFORE_S)
        fault.strike(stage)
        mended = monotonic()
        if fault.ends_server:
            recovered = await_end(stage.server, mended)
        else:
            recovered = await_recovery(stage.server, load, mended)
        end = monotonic()
    # Each client has finished its last request, which against a server that has ended says nothing.
    notes = [note for note in load.notes if not fault.ends_server or note.ended < end]
    return Result(tuple(notes), recovered)


def await_recovery(server: Server, load: Load, mended: float) -> str:
    """Return how long requests failed after the cause had ended."""

    def has_recovered() -> bool:
        last = load.last_failure(mended)
        return (
            monotonic() > max(last, mended) + QUIET_S
            and load.has_answered_every_kind(max(last, mended))
            and is_whole(server)
        )

    try:
        wait_until(has_recovered, RECOVERY_S, every_s=0.5)
    except AssertionError:
        return f"not in {RECOVERY_S} s"
    return f"{max(load.last_failure(mended) - mended, 0):.0f} s"


def is_whole(server: Server) -> bool:
    """Return whether every model is ready, and no replica starts or stops."""
    with suppress(httpx2.HTTPError, LookupError, OSError, RuntimeError, ValueError):
        applications = server.applications().values()
        return set(server.states().values()) == {"ready"} and all(
            each["status"] == "RUNNING" for each in applications
        )
    return False


def await_end(server: Server, mended: float) -> str:
    """Return how long the command took to end with one line that says why."""
    wait_until(lambda: server.process.poll() is not None, END_S, "the command goes on")
    seconds = monotonic() - mended
    assert "homeport: Ray's " in server.output, server.output
    return f"ended after {seconds:.0f} s"
