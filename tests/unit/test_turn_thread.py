"""The thread of large requests."""

import asyncio
import threading
from contextvars import ContextVar

import pytest

from serve_app.concurrency import TurnThread

NAME = ContextVar("NAME", default="")


async def test_owners_take_turns_and_the_loop_goes_on() -> None:
    thread, begun, end = TurnThread(), asyncio.Event(), threading.Event()
    loop, order = asyncio.get_running_loop(), list[str]()

    def wait() -> None:
        loop.call_soon_threadsafe(begun.set)
        end.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(thread.run("a", wait))
        await begun.wait()
        for owner in ("a", "a", "b"):
            tasks.create_task(thread.run(owner, lambda owner=owner: order.append(owner)))
        loop.call_soon(end.set)  # once they all wait
    thread.close()

    assert order == ["b", "a", "a"]


async def test_errors_and_the_context_are_those_of_the_caller() -> None:
    thread = TurnThread()
    NAME.set("mine")

    def fail() -> None:
        raise LookupError(NAME.get())

    with pytest.raises(LookupError, match="mine"):
        await thread.run("", fail)
    thread.close()
