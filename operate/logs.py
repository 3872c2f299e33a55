"""The directory of a run's logs, which stays after it.

serve.log      what every process writes, as it comes: Serve's, the replicas', their engines'
haproxy.log    what HAProxy reports, and requests that it answers with an error itself
ray/           Ray's and Serve's own files, one for each process
"""

import fcntl
import logging
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

KEPT_RUNS = 10
KEPT_BYTES = 2 * 2**30
"""Of all runs that have ended."""
FILE_BYTES = 16 * 2**20
"""When a file is renamed and a new one begun. Half a minute at the highest rate of requests."""
OLD_FILES = 3
MAX_LINE = 64 * 2**10
"""Of what a process writes without an end of line: a progress bar, or an error."""

_PRIORITY = re.compile(r"^<\d+>")


class RunLogs:
    """The logs of one run, from its start on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True)
        self.session = folder / "session"
        """Of Ray's files. Ray opens it to all, so it is not the directory itself."""
        self.session.mkdir()
        # Held as long as this process or `serve run` lives, so that no other start removes it.
        self.lock = (folder / "lock").open("w")
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self._serve = _Log(folder / "serve.log")
        self._haproxy = _Log(folder / "haproxy.log")

    @property
    def serve_log(self) -> Path:
        """The log of all processes."""
        return self.folder / "serve.log"

    def keep(self, output: IO[bytes]) -> threading.Thread:
        """Write a process's output to the log until it ends."""
        lines = iter(lambda: output.readline(MAX_LINE), b"")
        thread = threading.Thread(target=_write, args=(lines, self._serve), daemon=True)
        thread.start()
        return thread

    def receive(self, address: Path) -> None:
        """Write what HAProxy sends to a socket to its log, until this process ends."""
        receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        receiver.bind(str(address))
        datagrams = iter(lambda: receiver.recv(MAX_LINE), None)
        threading.Thread(target=_write, args=(datagrams, self._haproxy), daemon=True).start()

    def read(self) -> str:
        """Return the last part of the log of all processes."""
        parts = (self.serve_log.with_name("serve.log.1"), self.serve_log)
        return "".join(
            part.read_text(encoding="utf-8", errors="replace") for part in parts if part.is_file()
        )


def create_run() -> RunLogs:
    """Return the logs of a new run; those of the oldest runs are removed."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    folder = state.absolute() / "homeport" / "logs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    logs = RunLogs(folder / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
    latest = folder / "latest"
    new = folder / f"latest-{os.getpid()}"
    new.symlink_to(logs.folder.name)
    new.replace(latest)
    _remove_oldest(folder)
    return logs


def _remove_oldest(folder: Path) -> None:
    """Keep the last runs, within a size for all of them, and each that goes on."""
    ended = [run for run in sorted(folder.glob("2*-*-*"), reverse=True) if _has_ended(run)]
    size = 0
    for place, run in enumerate(ended, start=2):  # the first is the new one
        size += sum(file.stat().st_size for file in run.rglob("*") if file.is_file())
        if place > KEPT_RUNS or size > KEPT_BYTES:
            shutil.rmtree(run, ignore_errors=True)


def _has_ended(run: Path) -> bool:
    try:
        with (run / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


class _Log(RotatingFileHandler):
    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8")
        path.chmod(0o600)

    def handleError(self, record: logging.LogRecord) -> None:
        """Lose the line: a full disk ends no server, and fills no terminal."""


def _write(lines: Iterable[bytes], log: _Log) -> None:
    for line in lines:
        text = _PRIORITY.sub("", line.decode(errors="replace").rstrip("\n"))
        log.emit(logging.LogRecord("", logging.INFO, "", 0, "%s", (text,), None))
