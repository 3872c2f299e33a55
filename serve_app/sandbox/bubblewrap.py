"""The sandbox: bubblewrap, which needs user namespaces, but no daemon and no other privileges.

Code may read the machine's programs and use one folder.
"""

import asyncio
import json
import math
import os
import re
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from serve_app.config import CodeInterpreterConfig
from serve_app.sandbox.syscalls import build_filter
from serve_app.sandbox.usage import (
    MAX_DEPTH,
    MAX_FILES,
    MAX_OUTPUT,
    Output,
    count_processes,
    make_readable,
    measure_folder,
)

FOLDER = "/mnt/data"
"""Path of the folder in the sandbox, which OpenAI's models use."""
PROGRAM = Path(__file__).with_name("program.py")
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
KERNELS = ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/sysrq-trigger")
"""Paths of the kernel's settings."""
WATCH_EVERY_S = 0.1
REPORTS_WITHIN_S = 10
"""Time in which bubblewrap reports its first process, on a busy machine too."""
OWN_PROCESSES = 2
"""Bubblewrap's first process and Python."""
MEBIBYTE = 2**20


class SandboxError(Exception):
    """The sandbox does not work here, for the reason in the message."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one program."""

    seconds: float
    """Time, and processor time of each of its processes."""
    memory_bytes: int
    """Address space of each of its processes."""
    disk_bytes: int
    """Bytes that it adds to its folder, and size of each of /tmp and /dev/shm."""
    processes: int


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """The result of a program."""

    output: str
    """Its output and errors."""
    status: int
    stopped: str | None = None
    """The limit that ended it, if one did."""


class Sandbox:
    """Runs Python programs by ``bwrap``."""

    def __init__(self, program: str, python: str | None, limits: Limits) -> None:
        """Set the bubblewrap program and the Python that runs the code (None: the server's).

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
        """Run a test program in an empty folder.

        Raises:
            SandboxError: it does not start, or can reach what it must not.
        """
        probe = (
            "import os, socket\n"
            "assert not os.path.exists('/var/log') and not os.path.exists('/etc/passwd')\n"
            "try:\n    socket.create_connection(('192.0.2.1', 80), 2)\n"
            "except OSError as error:\n    assert error.errno == 101, error\n"
            "assert not os.path.exists('/proc/sys/kernel') and not os.environ.get('USER')\n"
            "print('closed')"
        )
        try:
            result = await self.run(probe, folder)
        except OSError as error:
            raise SandboxError(f"bubblewrap does not work here: {error}") from error
        if result.output != "closed\n":
            reason = result.stopped or " ".join(result.output.split())[-500:]
            raise SandboxError(f"bubblewrap does not work here: {reason}")

    async def run(self, code: str, folder: Path) -> ProgramResult:
        """Run a program in a folder, which it may change, until all its processes have ended."""
        info, info_writer = os.pipe()
        first = _FirstProcess(info)
        # Shielded, since asyncio kills a process whose start is cancelled.
        starting = asyncio.create_task(self._start(folder, info_writer))
        try:
            return await self._supervise(await asyncio.shield(starting), code, folder, first)
        finally:
            await asyncio.shield(_end(starting, first))

    async def _start(self, folder: Path, info: int) -> asyncio.subprocess.Process:
        """Start bubblewrap, which reports to this end of a pipe."""
        arguments, calls = _open_argument_pipe(self._arguments(folder)), _open_pipe(build_filter())
        try:
            return await asyncio.create_subprocess_exec(
                # Not on the command line, which the code could read.
                *(self._program, "--args", str(arguments), "--info-fd", str(info)),
                *("--seccomp", str(calls)),
                *("--", self._python, "-I", "-B", "/run/program.py"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={},
                pass_fds=(arguments, info, calls),
            )
        finally:
            os.close(arguments)
            os.close(info)
            os.close(calls)

    async def _supervise(
        self, process: asyncio.subprocess.Process, code: str, folder: Path, first: "_FirstProcess"
    ) -> ProgramResult:
        assert process.stdin
        assert process.stdout
        output, before = Output(), (await asyncio.to_thread(measure_folder, folder))[0]
        reading = asyncio.create_task(output.read(process.stdout))
        # Not only its output, which a program may close and go on.
        ending = asyncio.create_task(process.wait())
        process.stdin.write(json.dumps({"limits": self._limits(), "code": code}).encode())
        process.stdin.close()
        stopped = None
        ends_at = asyncio.get_running_loop().time() + self.limits.seconds
        while not (await asyncio.wait({ending}, timeout=WATCH_EVERY_S))[0]:
            if stopped:  # it is being killed
                continue
            if output.is_too_long:
                stopped = f"it printed more than {MAX_OUTPUT // 1024} KiB"
            elif asyncio.get_running_loop().time() > ends_at:
                stopped = f"it ran longer than {self.limits.seconds:g} seconds"
            else:
                stopped = await asyncio.to_thread(
                    self._find_exceeded_limit, folder, before, first.pid
                )
            if stopped:
                await _kill(process, first)
        # Bubblewrap ends with the program, whose other processes may still run for a moment.
        await first.end()
        await reading
        if output.is_too_long:
            stopped = stopped or f"it printed more than {MAX_OUTPUT // 1024} KiB"
        await asyncio.to_thread(make_readable, folder)
        stopped = stopped or await asyncio.to_thread(
            self._find_exceeded_limit, folder, before, None
        )
        return ProgramResult(output.text, ending.result(), stopped)

    def _find_exceeded_limit(self, folder: Path, before: int, first: int | None) -> str | None:
        """Return the exceeded limit, of those that the kernel does not enforce."""
        size, num_files, is_deep = measure_folder(folder)
        if size - before > self.limits.disk_bytes:
            return f"it wrote more than {self.limits.disk_bytes // MEBIBYTE} MiB"
        if num_files > MAX_FILES or is_deep:
            return f"it made more than {MAX_FILES} files, or folders deeper than {MAX_DEPTH}"
        # The kernel does not count processes of root, as whom the server may run.
        if first is not None and count_processes(first) > self.limits.processes + OWN_PROCESSES:
            return f"it began more than {self.limits.processes} processes"
        return None

    def _limits(self) -> dict[str, int]:
        limits = self.limits
        return {
            "RLIMIT_AS": limits.memory_bytes,
            # Later than the time, whose end is reported.
            "RLIMIT_CPU": math.ceil(limits.seconds) + 1,
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
            *_hide_kernel_settings(),
            *("--size", disk, "--tmpfs", "/tmp", "--size", disk, "--tmpfs", "/dev/shm"),
            *self._mounts(),  # after /tmp, in which the Python may be
            *("--ro-bind", str(PROGRAM), "/run/program.py"),
            *("--bind", str(folder), FOLDER, "--chdir", FOLDER),
            # In memory, without a limit of size.
            *("--remount-ro", "/dev", "--remount-ro", "/"),
        ]

    def _mounts(self) -> Iterator[str]:
        """Yield the read-only mounts of the machine's programs and of the Python."""
        for path in SYSTEM:
            if os.path.islink(path):
                yield from ("--symlink", os.readlink(path), path)
            elif os.path.isdir(path):
                yield from ("--ro-bind", path, path)
        yield from ("--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache")
        for path in dict.fromkeys(_prefixes(self._python)):
            if path != "/" and path not in SYSTEM and not path.startswith("/usr/"):
                yield from ("--ro-bind", path, path)


def _hide_kernel_settings() -> Iterator[str]:
    """Yield the mounts that hide the kernel's settings, which root could change."""
    for path in KERNELS:
        if os.path.isdir(path):
            yield from ("--tmpfs", path, "--remount-ro", path)
        elif os.path.exists(path):
            yield from ("--ro-bind", "/dev/null", path)


def _open_argument_pipe(arguments: list[str]) -> int:
    """Return the reading end of a pipe with these arguments."""
    return _open_pipe(b"".join(os.fsencode(argument) + b"\0" for argument in arguments))


def _open_pipe(data: bytes) -> int:
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as file:
        file.write(data)
    return reader


class _FirstProcess:
    """The first process in the sandbox, whose id bubblewrap reports before the program starts.

    When it has ended, the kernel has ended all others.
    """

    def __init__(self, info: int) -> None:
        os.set_blocking(info, False)
        self._info = info
        self._pid: int | None = None
        self._handle: int | None = None

    @property
    def pid(self) -> int | None:
        """Its id outside the sandbox; None before it is reported."""
        if self._pid is None:
            with suppress(BlockingIOError):
                found = re.search(rb'"child-pid": *(\d+)', os.read(self._info, 4096))
                if found is not None:
                    with suppress(ProcessLookupError):  # it has ended
                        self._handle = os.pidfd_open(int(found[1]))
                    self._pid = int(found[1])
        return self._pid

    async def wait_for_report(self) -> None:
        """Wait until bubblewrap has reported its id or has ended, at most ``REPORTS_WITHIN_S``."""
        if self.pid is not None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(REPORTS_WITHIN_S):
                await _wait_readable(self._info)

    def kill(self) -> None:
        """Kill it, if it is reported."""
        if self.pid is not None and self._handle is not None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    async def end(self) -> None:
        """Kill it, if it is reported, and wait until all processes in the sandbox have ended."""
        self.kill()
        if self._handle is not None:
            await _wait_readable(self._handle)

    def close(self) -> None:
        """Close the file descriptors."""
        os.close(self._info)
        if self._handle is not None:
            os.close(self._handle)


async def _wait_readable(file: int) -> None:
    """Wait until a file descriptor can be read."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(file, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(file)


async def _kill(process: asyncio.subprocess.Process, first: _FirstProcess) -> None:
    """Kill all processes in the sandbox, after which bubblewrap ends."""
    if process.returncode is None:
        # Without bubblewrap, its child would wait forever to be released, with the pipes open.
        await first.wait_for_report()
    if first.pid is not None:
        first.kill()
    elif process.returncode is None:
        process.kill()


async def _end(starting: asyncio.Task[asyncio.subprocess.Process], first: _FirstProcess) -> None:
    """Kill all processes in the sandbox, and wait until they and bubblewrap have ended."""
    try:
        process = await starting
        await _kill(process, first)
        await first.end()
        await process.wait()
    finally:
        first.close()


def _prefixes(python: str) -> list[str]:
    """Return the folders that a Python needs: its environment and its base installation."""
    environment = Path(python).absolute().parent.parent
    base = Path(python).resolve().parent.parent
    return [str(environment), str(base)]


def create_sandbox(config: CodeInterpreterConfig) -> Sandbox:
    """Return the sandbox of a configuration.

    Raises:
        SandboxError: there is no such program.
    """
    limits = Limits(
        config.timeout_s, config.memory_bytes, config.disk_bytes, processes=config.processes
    )
    return Sandbox(config.bwrap, config.python, limits)


def check_sandbox(config: CodeInterpreterConfig) -> None:
    """Check the sandbox of a configuration where no event loop can be awaited.

    Raises:
        SandboxError: the reason, in one line.
    """
    try:
        sandbox = create_sandbox(config)
        with (
            tempfile.TemporaryDirectory(prefix="homeport-code-") as folder,
            ThreadPoolExecutor(1) as thread,  # this one may have a running loop
        ):
            thread.submit(asyncio.run, sandbox.check(Path(folder))).result()
    except SandboxError as error:
        raise SandboxError(f"code_interpreter: {error}") from error
