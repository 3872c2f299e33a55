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
from collections.abc import Callable
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

from deployments.chat.vllm.logs import configure_own_logging

PRELOADED = ["deployments.chat.vllm.preload"]


class _Process(ForkServerProcess):
    """A process that has the environment of the moment, not the one that the server began with."""

    def __init__(
        self, *args: Any, target: Callable[..., Any], kwargs: dict[str, Any], **options: Any
    ) -> None:
        self._environment: dict[str, str] = {}
        run = {"environment": self._environment, "target": target, "kwargs": kwargs}
        super().__init__(*args, target=_run, kwargs=run, **options)

    def start(self) -> None:
        """Begin it, with what vLLM sets in the environment for just this call."""
        self._environment.update(os.environ)
        super().start()


class _Context(ForkServerContext):
    Process = _Process  # type: ignore[assignment]


def begin_to_import() -> None:
    """Start the process that the engine core will be forked from: before importing vLLM."""
    multiprocessing.set_forkserver_preload(PRELOADED)
    forkserver.ensure_running()


def fork_from_there() -> None:
    """Have vLLM fork it from there."""
    begin_to_import()  # where nobody did so before
    from vllm.v1.engine import utils

    utils.get_mp_context = lambda: _Context()  # pyright: ignore[reportPrivateImportUsage]


def _run(environment: dict[str, str], target: Callable[..., Any], kwargs: dict[str, Any]) -> None:
    # Only what differs: the process's title is kept in the memory of the rest.
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    for name, value in environment.items():
        if os.environ.get(name) != value:
            os.environ[name] = value
    configure_own_logging(kwargs["vllm_config"])
    _keep_to_cores(kwargs["vllm_config"], kwargs["executor_class"])
    target(**kwargs)


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
