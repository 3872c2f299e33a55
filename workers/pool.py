"""Runs work in children of a template process, in which owners take turns.

A client that leaves ends its work, and so does work beyond its budget: both kill the child.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from wire.logging import get_logger
from wire.turns import TurnQueue
from workers.template import ANSWER, FAILED, JOB, LENGTH, PID

logger = get_logger(__name__)

ROOT = Path(__file__).resolve().parents[1]

Launch = Callable[[socket.socket], Callable[[], object]]
"""Starts a template that serves the socket, and returns what ends it."""


class OverBudgetError(Exception):
    """A task needs more than its job may take. Has the task's index."""

    @property
    def index(self) -> int:
        """Which task it was."""
        return self.args[0]


class PoolBusyError(Exception):
    """Too much work waits, or the machine is too busy for it."""


class WorkFailedError(Exception):
    """A task raised an unexpected error."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a job may take."""

    cpu_s: float
    """Processor time of all its tasks."""
    memory_bytes: int
    """Memory beyond the template's."""
    wall_s: float
    """Time after which it is given up because the machine is too busy."""


class WorkerPool:
    """Runs jobs. An owner has half of the workers at most, so that another finds one free."""

    def __init__(
        self, launch: Launch, budget: Budget, *, num_workers: int = 4, max_waiting: int = 128
    ) -> None:
        """``max_waiting`` is how many jobs of one owner may wait; of all, eight times as many."""
        self.budget = budget
        self._launch = launch
        self._num_workers = num_workers
        self._max_waiting = max_waiting
        self._control: socket.socket | None = None
        self._end: Callable[[], object] = lambda: None
        self._waiting = TurnQueue[_Turn]()
        self._running = Counter[str]()

    @property
    def num_waiting(self) -> int:
        """How many jobs wait for their turn."""
        return len(self._waiting)

    def start(self) -> None:
        """Start the template before the first job, which would wait for it."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._end = self._launch(theirs)
        ours.setblocking(False)
        self._control = ours

    async def run(self, tasks: Sequence[bytes], owner: str = "") -> list[bytes]:
        """Return the answers to the tasks of one job. When cancelled, it ends.

        Raises:
            OverBudgetError: it needs more than its budget.
            PoolBusyError: too many jobs wait, or there was no time for it.
            WorkFailedError: a task failed unexpectedly.
        """
        async with self._take_turn(owner):
            try:
                async with asyncio.timeout(self.budget.wall_s):
                    return await self._work(tasks)
            except TimeoutError:
                raise PoolBusyError from None

    def close(self) -> None:
        """End the template and all that runs."""
        if self._control is not None:
            self._control.close()
            self._control = None
            self._end()

    @asynccontextmanager
    async def _take_turn(self, owner: str) -> AsyncGenerator[None]:
        mine = sum(turn.owner == owner for turn in self._waiting)
        if mine >= self._max_waiting or len(self._waiting) >= 8 * self._max_waiting:
            raise PoolBusyError
        turn = _Turn(owner)
        self._waiting.add(owner, turn)
        self._begin_next()
        try:
            await turn.begins
            yield
        finally:
            self._waiting.discard(owner, lambda each: each is turn)
            if turn.begins.done() and not turn.begins.cancelled():
                self._running[owner] -= 1
            self._begin_next()

    def _begin_next(self) -> None:
        self._running = +self._running  # without those who hold none
        most = max(1, self._num_workers // 2)
        while self._running.total() < self._num_workers:
            turn = self._waiting.pop(lambda each: self._running[each.owner] < most)
            if turn is None:
                return
            if not turn.begins.cancelled():
                self._running[turn.owner] += 1
                turn.begins.set_result(None)

    async def _work(self, tasks: Sequence[bytes]) -> list[bytes]:
        with self._fork() as connection:
            worker = _Worker(connection)
            try:
                return await worker.work(tasks, self.budget)
            except EOFError:
                if not worker.pid or self._has_ended():
                    self.close()  # the next job starts another template
                    raise PoolBusyError from None
                raise OverBudgetError(worker.num_answers) from None
            finally:
                worker.kill()

    def _fork(self) -> socket.socket:
        """Return a connection to a new child."""
        if self._has_ended():
            self.close()
            self.start()
        assert self._control is not None
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
            except OSError as error:  # it ended, or cannot keep up
                ours.close()
                raise PoolBusyError from error
        ours.setblocking(False)
        return ours

    def _has_ended(self) -> bool:
        """Return whether the template has."""
        if self._control is None:
            return True
        try:
            return not self._control.recv(1)
        except BlockingIOError:
            return False
        except OSError:
            return True


class _Turn:
    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.begins: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class _Worker:
    """A child, from this side of its connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self.pid = 0
        """0: it does not run, or no longer."""
        self.num_answers = 0
        self._has_ended = False

    async def work(self, tasks: Sequence[bytes], budget: Budget) -> list[bytes]:
        (self.pid,) = PID.unpack(await self._read(PID.size))
        parts = [JOB.pack(budget.cpu_s, budget.memory_bytes, len(tasks))]
        for task in tasks:
            parts += [LENGTH.pack(len(task)), task]
        with suppress(ConnectionError):  # reading has the reason
            await self._loop.sock_sendall(self._connection, b"".join(parts))
        answers: list[bytes] = []
        for _ in tasks:
            kind, length = ANSWER.unpack(await self._read(ANSWER.size))
            content = await self._read(length)
            if kind == FAILED:
                raise WorkFailedError(content.decode(errors="replace"))
            answers.append(content)
            self.num_answers = len(answers)
        self.pid = 0
        return answers

    async def _read(self, size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            try:
                piece = await self._loop.sock_recv(self._connection, size - len(content))
            except ConnectionError:
                piece = b""
            if not piece:
                self._has_ended = True
                raise EOFError
            content += piece
        return bytes(content)

    def kill(self) -> None:
        """End it, unless it has ended: its number may then be another process's."""
        if self.pid and not self._has_ended:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


def launch_program(function: str) -> Launch:
    """Return what starts a template as a new program; ``function`` is ``module:name``."""

    def launch(control: socket.socket) -> Callable[[], object]:
        process = subprocess.Popen(
            (sys.executable, "-P", "-m", "workers.template", function),
            stdin=control.fileno(),
            stdout=subprocess.DEVNULL,
            cwd="/",
            # Not the server's environment, which has keys and the database's password.
            env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "PYTHONUTF8": "1"},
        )

        def end() -> None:
            process.kill()
            process.wait()

        return end

    return launch
