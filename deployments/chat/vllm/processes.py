# pyright: standard
"""Starts vLLM's engine core as a copy of a process that has imported vLLM already.

Inside a Ray actor, vLLM starts it as a new Python, which imports vLLM once the replica has. The
fork server of Python imports it while the replica does, in a process without threads.

A model that takes one worker has it within the engine core, on CPUs as on GPUs. On CPUs vLLM would
start one more process, only to tell it by its environment on which cores to work; both then wait
for each other in loops that never sleep, on cores that the rest of the server needs.
"""

import multiprocessing
import os
import select
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import Pipe, forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

from deployments.chat.vllm.causes import reason
from deployments.chat.vllm.logs import configure_own_logging

COMPILED_AT_ONCE = 4
"""As many as the replica lets through at once: :mod:`deployments.chat.vllm.grammars`."""

PRELOADED = ["deployments.chat.vllm.preload"]


class _Process(ForkServerProcess):
    """A process that has the environment of the moment, not the one that the server began with.

    It returns why it failed, which vLLM only logs.
    """

    def __init__(
        self, *args: Any, target: Callable[..., Any], kwargs: dict[str, Any], **options: Any
    ) -> None:
        self._environment: dict[str, str] = {}
        self._failure, failure = Pipe(duplex=False)
        run = {
            "replica": os.getpid(),
            "environment": self._environment,
            "failure": failure,
            "target": target,
            "kwargs": kwargs,
        }
        super().__init__(*args, target=_run, kwargs=run, **options)

    def start(self) -> None:
        """Begin it, with what vLLM sets in the environment for just this call."""
        self._environment.update(os.environ)
        super().start()

    def describe_failure(self) -> str | None:
        """Return why it failed, in one line."""
        if self._failure.poll():
            return self._failure.recv()
        if self.exitcode is not None and self.exitcode < 0:
            name = signal.Signals(-self.exitcode).name
            return f"its engine process ended by {name}" + (
                ", as it does when memory runs out" if name == "SIGKILL" else ""
            )
        return None


class EngineProcesses(ForkServerContext):
    """Starts the engine's processes, and reports why one of them failed."""

    def __init__(self) -> None:
        super().__init__()
        self._started: list[_Process] = []

    def Process(self, *args: Any, **options: Any) -> _Process:  # type: ignore[override]
        """Return a new process. vLLM calls this."""
        process = _Process(*args, **options)
        self._started.append(process)
        return process

    def describe_failure(self) -> str | None:
        """Return why the first process that failed did so."""
        failures = (process.describe_failure() for process in self._started)
        return next((failure for failure in failures if failure), None)


def begin_to_import() -> None:
    """Start the process that the engine core will be forked from: before importing vLLM."""
    multiprocessing.set_forkserver_preload(PRELOADED)
    forkserver.ensure_running()


def fork_from_there() -> EngineProcesses:
    """Have vLLM fork its processes from there, and return them."""
    begin_to_import()  # where nobody did so before
    from vllm.v1.engine import utils

    processes = EngineProcesses()
    utils.get_mp_context = lambda: processes  # pyright: ignore[reportPrivateImportUsage]
    return processes


def _run(
    replica: int,
    environment: dict[str, str],
    failure: "Connection[str, str]",
    target: Callable[..., Any],
    kwargs: dict[str, Any],
) -> None:
    _end_with(replica)
    # Only what differs: the process's title is kept in the memory of the rest.
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    configure_own_logging(kwargs["vllm_config"])
    compile_side_by_side()
    _keep_to_cores(kwargs["vllm_config"], kwargs["executor_class"])
    try:
        target(**kwargs)
    except Exception as error:
        failure.send(reason(error))
        raise


def _end_with(replica: int) -> None:
    """Kill this process when the replica has ended.

    A killed replica cannot end its engine, which would keep its memory. Its parent is the fork
    server, which lives as long as any process that it started.
    """

    def wait() -> None:
        select.select([ended], [], [])
        os.kill(os.getpid(), signal.SIGKILL)

    ended = os.pidfd_open(replica)
    threading.Thread(target=wait, daemon=True, name="replica").start()


def compile_side_by_side() -> None:
    """Have the engine core compile several formats at once, also where it has few cores.

    On two cores vLLM has one thread, in which a format waits for those of all other clients.
    """
    from vllm.v1 import structured_output

    structured_output.ThreadPoolExecutor = (  # pyright: ignore[reportPrivateImportUsage]
        lambda max_workers: ThreadPoolExecutor(max(max_workers, COMPILED_AT_ONCE))
    )


def _keep_to_cores(config: Any, executor_class: type) -> None:
    """Let a worker within this process compute on those cores that vLLM would give its own.

    With as many threads as there are, or fewer where ``OMP_NUM_THREADS`` says so, which Ray sets to
    the replica's ``num_cpus`` where nobody else does.
    """
    import torch
    from vllm.platforms import current_platform
    from vllm.utils.ompmultiprocessing import OMPProcessManager
    from vllm.v1.executor.uniproc_executor import UniProcExecutor

    if not current_platform.is_cpu() or not issubclass(executor_class, UniProcExecutor):
        return
    for cores in OMPProcessManager(config).cpu_lists:  # none if VLLM_CPU_OMP_THREADS_BIND=nobind
        os.sched_setaffinity(0, cores)
        torch.set_num_threads(min(len(cores), int(os.environ.get("OMP_NUM_THREADS", len(cores)))))
