"""The faults: what is killed, stopped or taken away."""

import copy
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.postgresql import PostgreSQL
from tests.support.server import Server, application
from tests.support.waiting import wait_until

OUTAGE_S = 15
"""How long what is taken away stays away."""
STOP_S = 20

Strike = Callable[["Stage"], None]


@dataclass
class Stage:
    """A server with all that it stores on one disk."""

    server: Server
    disk: Path
    """The folder of database, files, logs and Ray."""
    is_small: bool
    """Whether the disk is one of its own, which can be filled."""
    postgresql: PostgreSQL | None = None


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong once."""

    name: str
    strike: Strike
    """Returns when the cause has ended."""
    ends_server: bool = False
    """Whether nothing can go on, so that the command must end, and say so."""
    needs_small_disk: bool = False
    of_two: bool = False
    """Whether there are two ingress replicas and two of chat, on PostgreSQL."""


def find(server: Server, name: str) -> list[int]:
    """Return the processes whose command begins with a program or title of this name."""
    found: list[int] = []
    for pid in server.children(server.process.pid):
        with suppress(OSError):  # it has ended meanwhile
            program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
            if program == name or program.endswith(f"/{name}"):
                found.append(pid)
    return found


def wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def kill(find_pids: Callable[[Server], list[int]]) -> Strike:
    """Return a fault that kills processes."""

    def strike(stage: Stage) -> None:
        pids = find_pids(stage.server)
        assert pids, "there is no such process"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    return strike


def chat_replica(server: Server) -> list[int]:
    return find(server, "ray::ServeReplica:chat:ChatDeployment")[:1]


def engine_core(server: Server) -> list[int]:
    replica = chat_replica(server)[0]
    return [
        pid
        for pid in server.children(replica)
        if "EngineCor" in Path(f"/proc/{pid}/comm").read_text()
    ]


def ingress_replica(server: Server) -> list[int]:
    return find(server, "ray::ServeReplica:ingress:Ingress")


def controller(server: Server) -> list[int]:
    return server.pids("ray::ServeController")


def stop_engine(stage: Stage) -> None:
    (pid,) = engine_core(stage.server)
    os.kill(pid, signal.SIGSTOP)
    wait(STOP_S)
    with suppress(ProcessLookupError):  # it was taken for dead
        os.kill(pid, signal.SIGCONT)


def lock_database(stage: Stage) -> None:
    with closing(sqlite3.connect(stage.disk / "homeport.db")) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        wait(OUTAGE_S)
        connection.rollback()


def stop_postgresql(stage: Stage) -> None:
    assert stage.postgresql
    stage.postgresql.stop()
    wait(OUTAGE_S)
    stage.postgresql.start()


def hide_files(stage: Stage) -> None:
    """Take the folder of files away, and put a file in its place, where nothing can be made."""
    files = stage.disk / "files"
    hidden = files.with_name("files.hidden")
    files.rename(hidden)
    files.write_text("not a folder")
    wait(OUTAGE_S)
    files.unlink()
    hidden.rename(files)


def fill_disk(stage: Stage) -> None:
    filler = stage.disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(2**16))
    with filler.open("ab", buffering=0) as file:
        for _ in range(OUTAGE_S * 10):  # what others free is taken, too
            with suppress(OSError):
                file.write(bytes(2**12))
            wait(0.1)
    filler.unlink()


def deploy_changed_chat(stage: Stage) -> None:
    server = stage.server
    (old,) = chat_replica(server)
    changed: list[dict[str, Any]] = copy.deepcopy(server.config["applications"])
    args = application({"applications": changed}, "chat")["args"]
    args["description"] += " Deployed again."
    server.deploy(changed)
    wait_until(lambda: not os.path.exists(f"/proc/{old}"), 200, "the old replica stays")


def deploy_the_same(stage: Stage) -> None:
    server = stage.server
    replicas = chat_replica(server) + ingress_replica(server)
    server.deploy(server.config["applications"])
    wait(5)
    assert chat_replica(server) + ingress_replica(server) == replicas, "a replica was replaced"


FAULTS = (
    Fault("nothing", lambda _: wait(OUTAGE_S)),
    Fault("chat replica killed", kill(chat_replica)),
    Fault("engine core killed", kill(engine_core)),
    Fault("engine core stopped for 20 s", stop_engine),
    Fault("ingress replica killed", kill(ingress_replica)),
    Fault("HAProxy killed", kill(lambda server: find(server, "haproxy"))),
    Fault("Serve's controller killed", kill(controller)),
    Fault("database locked for 15 s (SQLite)", lock_database),
    Fault("file store gone for 15 s", hide_files),
    Fault("disk full for 15 s", fill_disk, needs_small_disk=True),
    Fault("`serve deploy` that changes chat", deploy_changed_chat),
    Fault("`serve deploy` that changes nothing", deploy_the_same),
    Fault(
        "metadata server killed", kill(lambda server: find(server, "gcs_server")), ends_server=True
    ),
    Fault("raylet killed", kill(lambda server: find(server, "raylet")), ends_server=True),
    Fault("one of two chat replicas killed", kill(chat_replica), of_two=True),
    Fault("engine core of one of two chat replicas killed", kill(engine_core), of_two=True),
    Fault(
        "one of two ingress replicas killed",
        kill(lambda server: ingress_replica(server)[:1]),
        of_two=True,
    ),
    Fault("database stopped for 15 s (PostgreSQL)", stop_postgresql, of_two=True),
)
