# pyright: standard
"""Renders short prompts on the event loop, and long ones in threads, in the turns of their owners.

vLLM fills the chat template and tokenizes in threads, so that a long prompt does not delay the
tokens of others. A short prompt takes less time than two changes of thread, during which it waits
for everything else on the event loop.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

from vllm.renderers.base import BaseRenderer

from deployments.threads import WorkerThreads

T = TypeVar("T")

SHORT_BYTES = 4096
"""Of a request's body. Its rendering takes half a millisecond, a tenth of a small model's step."""

IS_SHORT = ContextVar("IS_SHORT", default=False)
"""Whether the request that the current task works on has a short prompt."""


class _Inline(Executor):
    """Runs the work of short requests at once, and all other work in threads."""

    def __init__(self, threads: WorkerThreads) -> None:
        self._threads = threads

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Return a future, which has its result already for short requests."""
        if not IS_SHORT.get():
            return self._threads.submit(partial(fn, *args, **kwargs))
        future = Future[T]()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - raised where the future is awaited
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads."""
        self._threads.close()


def render_short_prompts_at_once(renderer: BaseRenderer) -> None:
    """Replace a renderer's executor for tasks in which ``IS_SHORT`` is set."""
    executor: Any = renderer._executor  # vLLM swaps its pool here too
    executor._inner.shutdown(wait=False)
    executor._inner = _Inline(WorkerThreads(executor._max_workers))
