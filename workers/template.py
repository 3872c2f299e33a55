"""A process that forks one child for each piece of work, so that any of them can be killed.

The child begins with what the template has imported, in a millisecond. Run as a program, it imports
the function that is named ``module:function``, and serves the socket that is its standard input.
"""

import ctypes
import os
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from struct import Struct
from typing import NoReturn

Function = Callable[[bytes], bytes]

JOB = Struct("<dQI")
"""Seconds of processor time, bytes of memory and number of tasks; the tasks follow."""
LENGTH = Struct("<I")
ANSWER = Struct("<BI")
"""Whether it is an answer or a failure, and its length."""
DONE, FAILED = 0, 1
PID = Struct("<I")

NICENESS = 5
"""Whoever waits for the next token goes first."""

PR_SET_PDEATHSIG = 1


def serve(control: socket.socket, function: Function) -> None:
    """Fork a child for each socket that arrives, until nobody can send any."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets children that have ended
    template = os.getpid()
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return
        with socket.socket(fileno=descriptors[0]) as connection:
            if os.fork() == 0:
                control.close()
                _work_and_exit(connection, function, template)


def _work_and_exit(connection: socket.socket, function: Function, template: int) -> NoReturn:
    try:
        end_with_parent(template)
        _work(connection, function)
    except BaseException:  # noqa: BLE001  what a child leaves must not reach the template's code
        traceback.print_exc()
    finally:
        os._exit(0)


def end_with_parent(parent: int) -> None:
    """Have the kernel end this process with its parent."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os.kill(os.getpid(), signal.SIGKILL)


def _work(connection: socket.socket, function: Function) -> None:
    connection.sendall(PID.pack(os.getpid()))
    with connection.makefile("rb") as reader:
        header = reader.read(JOB.size)
        if not header:
            return  # its client left
        cpu_s, memory_bytes, num_tasks = JOB.unpack(header)
        tasks = [reader.read(*LENGTH.unpack(reader.read(LENGTH.size))) for _ in range(num_tasks)]
    _limit(cpu_s, memory_bytes)
    for task in tasks:
        try:
            answer = ANSWER, DONE, function(task)
        except MemoryError:
            return
        except Exception:  # noqa: BLE001  whoever waits for the answer raises it
            answer = ANSWER, FAILED, traceback.format_exc().encode()
        form, kind, content = answer
        connection.sendall(form.pack(kind, len(content)) + content)


def _limit(cpu_s: float, memory_bytes: int) -> None:
    os.nice(NICENESS)
    own = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    limit = own + memory_bytes
    resource.setrlimit(
        resource.RLIMIT_AS, (limit if most == resource.RLIM_INFINITY else min(limit, most), most)
    )
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, cpu_s)  # of all threads; then the process is killed


def main() -> None:
    """Serve the socket at standard input."""
    module, name = sys.argv[1].split(":")
    function: Function = getattr(import_module(module), name)
    with socket.socket(fileno=0) as control:
        serve(control, function)


if __name__ == "__main__":
    main()
