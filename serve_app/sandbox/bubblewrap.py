"""The sandbox: bubblewrap, which needs no daemon and no privileges but user namespaces.

Knows nothing of who asks. What the code may use beyond the machine's programs is one folder.
"""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from serve_app.sandbox.syscalls import refusals
from serve_app.sandbox.watching import (
    MAX_DEPTH,
    MAX_FILES,
    MAX_OUTPUT,
    Output,
    made_readable,
    num_processes,
    used,
)

FOLDER = "/mnt/data"
"""Path of the working directory in the sandbox, the same as OpenAI's."""
INSIDE = Path(__file__).with_name("inside.py")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
KERNELS = ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/sysrq-trigger")
"""Where the kernel's settings are."""
WATCH_EVERY_S = 0.1
OWN_PROCESSES = 2
"""Bubblewrap's first process and the Python."""
MEBIBYTE = 2**20


class SandboxError(Exception):
    """The sandbox does not work here; says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use."""

    seconds: float
    """Of time, and of processor time in each of its processes."""
    memory_bytes: int
    """Of address space in each of its processes."""
    disk_bytes: int
    """Of what it adds to its folder, and of what it puts into /tmp and /dev/shm."""
    processes: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    output: str
    """What it printed, errors included."""
    status: int
    stopped: str | None = None
    """Which limit ended it, if one did."""


class Sandbox:
    """Runs Python programs by ``bwrap``."""

    def __init__(self, program: str, python: str | None, limits: Limits) -> None:
        """Name the bubblewrap program and the Python that runs the code (None: the server's).

        Raises:
            SandboxError: there is no such program.
        """
        found = shutil.which(program)
        if found is None:
            raise SandboxError(
                f"there is no program '{program}'. Install bubblewrap (Debian, Ubuntu and Fedora "
                "have it under this name)."
            )
        self._program = found
        self._python = python or sys.executable
        self.limits = limits

    async def check(self, folder: Path) -> None:
        """Try the sandbox out, in an empty folder.

        Raises:
            SandboxError: it does not start, or does not keep what is inside there.
        """
        probe = (
            "import os, socket\n"
            "assert not os.path.exists('/var/log') and not os.path.exists('/etc/passwd')\n"
            "try:\n    socket.create_connection(('192.0.2.1', 80), 2)\n"
            "except OSError as error:\n    assert error.errno == 101, error\n"
            "assert not os.path.exists('/proc/sys/kernel') and not os.environ.get('USER')\n"
            "print('closed')"
        )
        ended = await self.run(probe, folder)
        if ended.output != "closed\n":
            reason = ended.stopped or " ".join(ended.output.split())[-500:]
            raise SandboxError(f"bubblewrap does not work here: {reason}")

    async def run(self, code: str, folder: Path) -> Ended:
        """Run a program in this folder, which it may change; then nothing of it runs any more."""
        arguments, calls = _pipe_with(self._arguments(folder)), _pipe_of(refusals())
        info, told = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                # Not on the command line, which the code could read.
                *(self._program, "--args", str(arguments), "--info-fd", str(told)),
                *("--seccomp", str(calls)),
                *("--", self._python, "-I", "-B", "/run/inside.py"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={},
                pass_fds=(arguments, told, calls),
            )
        except BaseException:
            os.close(info)
            raise
        finally:
            os.close(arguments)
            os.close(told)
            os.close(calls)
        first = _First(info)
        try:
            return await self._watched(process, code, folder, first)
        finally:
            _kill(process, first)  # and with it, all that it has begun
            await process.wait()
            os.close(info)

    async def _watched(
        self, process: asyncio.subprocess.Process, code: str, folder: Path, first: "_First"
    ) -> Ended:
        assert process.stdin
        assert process.stdout
        output, before = Output(), (await asyncio.to_thread(used, folder))[0]
        reading = asyncio.create_task(output.read(process.stdout))
        # Not its output alone: a program may close that and go on.
        ending = asyncio.create_task(process.wait())
        process.stdin.write(json.dumps({"limits": self._limits(), "code": code}).encode())
        process.stdin.close()
        stopped = None
        ends_at = asyncio.get_running_loop().time() + self.limits.seconds
        while not (await asyncio.wait({ending}, timeout=WATCH_EVERY_S))[0]:
            if stopped:  # it is about to end
                continue
            if output.is_too_long:
                stopped = f"it printed more than {MAX_OUTPUT // 1024} KiB"
            elif asyncio.get_running_loop().time() > ends_at:
                stopped = f"it ran longer than {self.limits.seconds:g} seconds"
            else:
                stopped = await asyncio.to_thread(self._exceeded, folder, before, first.pid)
            if stopped:
                _kill(process, first)
        await reading
        if output.is_too_long:
            stopped = stopped or f"it printed more than {MAX_OUTPUT // 1024} KiB"
        await asyncio.to_thread(made_readable, folder)
        stopped = stopped or await asyncio.to_thread(self._exceeded, folder, before, None)
        return Ended(output.text, ending.result(), stopped)

    def _exceeded(self, folder: Path, before: int, first: int | None) -> str | None:
        """Return which limit is exceeded that the kernel does not hold by itself."""
        size, num_files, is_deep = used(folder)
        if size - before > self.limits.disk_bytes:
            return f"it wrote more than {self.limits.disk_bytes // MEBIBYTE} MiB"
        if num_files > MAX_FILES or is_deep:
            return f"it made more than {MAX_FILES} files, or folders deeper than {MAX_DEPTH}"
        # The kernel does not count root's processes, in whose name the server may run.
        if first is not None and num_processes(first) > self.limits.processes + OWN_PROCESSES:
            return f"it began more than {self.limits.processes} processes"
        return None

    def _limits(self) -> dict[str, int]:
        limits = self.limits
        return {
            "RLIMIT_AS": limits.memory_bytes,
            "RLIMIT_CPU": max(1, round(limits.seconds)),
            "RLIMIT_FSIZE": limits.disk_bytes,
            "RLIMIT_NPROC": limits.processes,
            "RLIMIT_NOFILE": 256,
            "RLIMIT_CORE": 0,
        }

    def _arguments(self, folder: Path) -> list[str]:
        disk = str(self.limits.disk_bytes)
        return [
            *("--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"),
            *("--die-with-parent", "--new-session", "--hostname", "sandbox"),
            *("--uid", "65534", "--gid", "65534", "--clearenv"),
            *("--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", FOLDER),
            *("--setenv", "LANG", "C.UTF-8", "--setenv", "MPLBACKEND", "Agg"),
            *("--setenv", "OPENBLAS_NUM_THREADS", "1", "--setenv", "OMP_NUM_THREADS", "1"),
            *("--proc", "/proc", "--dev", "/dev"),
            *_without_kernel_settings(),
            *("--size", disk, "--tmpfs", "/tmp", "--size", disk, "--tmpfs", "/dev/shm"),
            *self._mounts(),  # behind /tmp, where the Python may be
            *("--ro-bind", str(INSIDE), "/run/inside.py"),
            *("--bind", str(folder), FOLDER, "--chdir", FOLDER),
            # They are in memory, without a limit.
            *("--remount-ro", "/dev", "--remount-ro", "/"),
        ]

    def _mounts(self) -> Iterator[str]:
        """Yield what shows the machine's programs and the Python's own files, read-only."""
        for path in SYSTEM:
            if os.path.islink(path):
                yield from ("--symlink", os.readlink(path), path)
            elif os.path.isdir(path):
                yield from ("--ro-bind", path, path)
        yield from ("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache")
        for path in dict.fromkeys(_prefixes(self._python)):
            if path != "/" and path not in SYSTEM and not path.startswith("/usr/"):
                yield from ("--ro-bind", path, path)


def _without_kernel_settings() -> Iterator[str]:
    """Yield what hides them: root's code could write them, whatever else it may not."""
    for path in KERNELS:
        if os.path.isdir(path):
            yield from ("--tmpfs", path, "--remount-ro", path)
        elif os.path.exists(path):
            yield from ("--ro-bind", "/dev/null", path)


def _pipe_with(arguments: list[str]) -> int:
    """Return a pipe from which these can be read."""
    return _pipe_of(b"".join(os.fsencode(argument) + b"\0" for argument in arguments))


def _pipe_of(data: bytes) -> int:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(data)
    return reader


class _First:
    """The sandbox's first process, once bubblewrap tells its number."""

    def __init__(self, info: int) -> None:
        os.set_blocking(info, False)
        self._info = info
        self._pid: int | None = None

    @property
    def pid(self) -> int | None:
        """Its number here."""
        if self._pid is None:
            with suppress(BlockingIOError):
                found = re.search(rb'"child-pid": *(\d+)', os.read(self._info, 4096))
                self._pid = int(found[1]) if found else None
        return self._pid


def _kill(process: asyncio.subprocess.Process, first: _First) -> None:
    """End a sandbox: by its first process, so that bubblewrap ends after all that was in it."""
    if process.returncode is not None:
        return
    if first.pid is None:
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.kill(first.pid, signal.SIGKILL)


def _prefixes(python: str) -> list[str]:
    """Return the folders that a Python needs: its environment and the installation below it."""
    environment = Path(python).absolute().parent.parent
    base = Path(python).resolve().parent.parent
    return [str(environment), str(base)]
