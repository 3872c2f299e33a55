"""Takes HAProxy's place within a tenth of a second when it is killed.

Serve needs about six seconds to replace it, in which nobody could connect. The wrapper starts this
program beside HAProxy. It waits for HAProxy's end and then, unless Serve has just replaced it by
another one, runs a second HAProxy with the same configuration and another socket for commands.
On Serve's socket HAProxy stays dead, so Serve replaces it as before; the wrapper has the new one
take over the open ports from the second.

It is its own small program on the standard library: one waits beside each HAProxy.
"""

import fcntl
import os
import select
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TextIO

STANDBY_SETTING = "HOMEPORT_HAPROXY_STANDBY"
"""Set to 1 in the environment, there is a standby."""
CONFIG = "--config="
"""Before the path: Serve takes each process for HAProxy that has the bare path as an argument."""
REPLACED_S = 60
"""For so long the second HAProxy waits to be replaced by Serve. If Serve has ended, it never is."""


def begin(binary: str, config: Path) -> None:
    """Wait beside this process, which becomes HAProxy, in another one."""
    subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, str(os.getpid()), binary, f"{CONFIG}{config}"],
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ray ends the manager's group with the manager
    )


def take_over(config: Path) -> list[str]:
    """Return the arguments with which HAProxy replaces the one that stands by, if there is one."""
    with suppress(OSError, ValueError):
        pid = int(_pid_file(config).read_text())
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if str(_standby_config(config)).encode() in arguments:
            return ["-sf", str(pid), "-x", str(_standby_socket(config))]
    return []


def restore_routes(config: Path) -> None:
    """Write the configuration of the one that stands by, for HAProxy that replaces it.

    Serve starts it before it has the routes, and has it read its own a second or so later.
    """
    admin = _admin_socket(config)
    text = _standby_config(config).read_text(encoding="utf-8")
    config.write_text(text.replace(str(_standby_socket(config)), admin), encoding="utf-8")


def main() -> None:
    """Stand by for the process that the command line names."""
    watched, binary = int(sys.argv[1]), sys.argv[2]
    config = Path(sys.argv[3].removeprefix(CONFIG))
    admin = _admin_socket(config)
    with suppress(ProcessLookupError):
        select.select([os.pidfd_open(watched)], [], [])
    if _answers(admin):  # another one has replaced it
        return
    with config.with_name("standby.lock").open("w") as lock:
        if _take(lock):
            _stand_in(binary, config, admin)


def _take(lock: TextIO) -> bool:
    """Return whether no other process stands in.

    One does where two HAProxy were killed, or where the new one could not take over.
    """
    for _ in range(10):  # one that has just been replaced ends within half a second
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.1)
    return False


def _stand_in(binary: str, config: Path, admin: str) -> None:
    """Run a second HAProxy until another one answers on the socket for commands."""
    text = config.read_text(encoding="utf-8").replace(admin, str(_standby_socket(config)))
    _standby_config(config).write_text(text, encoding="utf-8")
    haproxy = subprocess.Popen([binary, "-db", "-dR", "-f", str(_standby_config(config))])
    _pid_file(config).write_text(str(haproxy.pid))

    def end(number: int, _: object) -> None:
        haproxy.send_signal(number)

    signal.signal(signal.SIGTERM, end)
    deadline = time.monotonic() + REPLACED_S
    while haproxy.poll() is None and not _answers(admin):
        if time.monotonic() > deadline:
            haproxy.terminate()
        time.sleep(0.5)
    haproxy.wait()  # replaced, it answers what it has


def _admin_socket(config: Path) -> str:
    lines = config.read_text(encoding="utf-8").splitlines()
    return next(line.split()[2] for line in lines if "stats socket " in line)


def _answers(admin: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.connect(admin)
        return True
    return False


def _standby_config(config: Path) -> Path:
    return config.with_name(f"{config.name}.standby")


def _standby_socket(config: Path) -> Path:
    return config.with_name("standby.sock")


def _pid_file(config: Path) -> Path:
    return config.with_name("standby.pid")


if __name__ == "__main__":
    main()
