# pyright: standard
"""Renders short prompts on the event loop, and long ones in threads, in the turns of their owners.

vLLM fills the chat template and tokenizes in threads, so that a long prompt does not delay the
tokens of others. A short prompt takes less time than two changes of thread, during which it waits
for everything else on the event loop. What vLLM makes of the messages before that it does on the
event loop, in 10 µs for each: those of a long conversation are read in a thread as well.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

from vllm.renderers import hf
from vllm.renderers.base import BaseRenderer
from vllm.renderers.chat_utils import (
    has_non_text_content,
    parse_chat_messages,
    parse_chat_messages_async,
)

from deployments.threads import WorkerThreads

T = TypeVar("T")

SHORT_BYTES = 4096
"""Of a request's body. Its rendering takes half a millisecond, a tenth of a small model's step."""
MANY_MESSAGES = 500
"""More messages and parts of them are read in a thread: so many take 5 ms."""

_IS_SHORT = ContextVar("_IS_SHORT", default=False)
"""Whether the request that the current task works on has a short prompt."""
_EXECUTOR = ContextVar[Executor]("_EXECUTOR")
"""That of the renderer by which the current task works."""


class Rendering:
    """Has a renderer of vLLM work as above."""

    def __init__(self, renderer: BaseRenderer) -> None:
        """Replace the renderer's threads."""
        self._executor: Any = renderer._executor
        self._executor.shutdown(wait=False)
        # vLLM calls it when a template has taken too long, whose thread is lost.
        self._executor.replace_inner = self._replace_threads
        self._replace_threads()
        hf.parse_chat_messages_async = _parse_messages  # type: ignore[attr-defined]

    def begin(self, body: bytes) -> None:
        """Set the request whose prompt vLLM renders in this task from now on."""
        # A template of the request's own may run for ever: vLLM's limit of time needs the threads.
        _IS_SHORT.set(len(body) <= SHORT_BYTES and b"chat_template" not in body)
        _EXECUTOR.set(self._executor)

    def _replace_threads(self) -> None:
        self._executor._inner = _Inline(WorkerThreads(self._executor._max_workers))


async def _parse_messages(messages: list[Any], *args: Any, **options: Any) -> Any:
    if _count(messages) <= MANY_MESSAGES or has_non_text_content(messages):
        return await parse_chat_messages_async(messages, *args, **options)
    # Without media, which are fetched on the event loop, vLLM's other function does the same.
    work = partial(parse_chat_messages, messages, *args, **options)
    return await asyncio.wrap_future(_EXECUTOR.get().submit(work))


def _count(messages: Sequence[Any]) -> int:
    contents = (message.get("content") for message in messages)
    return sum(len(each) if isinstance(each, list) else 1 for each in contents)


class _Inline(Executor):
    """Runs the work of short requests at once, and all other work in threads."""

    def __init__(self, threads: WorkerThreads) -> None:
        self._threads = threads

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Return a future, which has its result already for short requests."""
        if not _IS_SHORT.get():
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
