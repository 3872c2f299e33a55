"""Runs of assistants on a database and a directory, and a model that answers what it is told to."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from serve_app.assistants.assembly import AssistantParts, assemble
from serve_app.assistants.objects import MESSAGE, RUN, STEP
from serve_app.concurrency import TurnThread
from serve_app.config import VectorStoresConfig
from serve_app.jobs import worker as module
from serve_app.jobs.worker import Jobs
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.checks import Checks, make_pool
from serve_app.models.registry import Registry
from serve_app.observability import RequestLog
from serve_app.storage.database import Database
from serve_app.storage.files import FileStore
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import ObjectStore
from serve_app.vector_stores.vector_stores import assemble as assemble_vector_stores
from tests.storage.stored import OWNER
from tests.support.chat_frames import FUNCTION, calls, frame, says
from tests.support.scripted_model import CARD
from tests.support.serve_details import application, details
from tests.support.waiting import read_until
from wire.calls import Call, Usage
from wire.openai.assistants import AssistantRequest
from wire.openai.runs import RunRequest
from wire.openai.threads import ThreadRequest

Answer = Callable[[dict[str, Any]], list[bytes | Usage | None]]
"""What the model says to a request; None: it says nothing more, for ever."""


def in_words(asked: dict[str, Any]) -> list[bytes | Usage | None]:
    """Say how many messages there were."""
    return [*says("There are ", f"{len(asked['messages'])}.")]


def half(asked: dict[str, Any]) -> list[bytes | Usage | None]:
    """Say the beginning of an answer."""
    return [frame({"role": "assistant", "content": "There"}), None]


def with_the_function(asked: dict[str, Any]) -> list[bytes | Usage | None]:
    """Call the function."""
    return [*calls(("add", '{"a": 1, "b": 2}'))]


def with_code_then_never(asked: dict[str, Any]) -> list[bytes | Usage | None]:
    """Call a tool of the server, and then think for ever."""
    if asked["messages"][-1]["role"] == "tool":
        return [None]
    return [*calls(("code_interpreter", '{"code": "1"}'))]


class Model:
    """Answers, and reports each request and each answer that nobody wanted to hear any more."""

    def __init__(self, answer: Answer, report: Callable[[str], None]) -> None:
        self._answer = answer
        self._report = report

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        asked = json.loads(call.body)
        self._report(f"asked {asked['messages'][0]['content']}")
        try:
            for piece in self._answer(asked):
                if piece is None:
                    await asyncio.Event().wait()
                    return
                yield piece
        except (asyncio.CancelledError, GeneratorExit):
            self._report("left")
            raise


def ignore(_: str) -> None:
    """Report nothing."""


async def replica(
    database: Database,
    directory: Path,
    answer: Answer = in_words,
    report: Callable[[str], None] = ignore,
) -> tuple[AssistantParts, Jobs]:
    """Return what an ingress replica has of assistants; its jobs are not begun."""
    model = Model(answer, report)

    async def read() -> dict[str, Any]:
        return details(small=application(CARD))

    registry = Registry(
        read,
        lambda _: model,  # type: ignore[arg-type, return-value]
        poll_interval_s=1,
        cold_start_timeout_s=1,
    )
    await registry.refresh()
    jobs, log = Jobs(database), RequestLog()
    files = KeptFiles(database, FileStore(str(directory / "files")))
    config = VectorStoresConfig()
    knowledge = assemble_vector_stores(registry, database, files, jobs, log, config)
    parts = assemble(
        registry,
        database,
        files,
        RemoteFiles((), max_bytes=0, timeout_s=1),
        knowledge.search,
        jobs,
        log,
        Checks(make_pool(), TurnThread()),
        make_store=knowledge.filling.make_for,
        add_files=knowledge.filling.add_files,
    )
    return parts, jobs


async def new_run(
    parts: AssistantParts, text: str = "hi", tools: Any = (FUNCTION,)
) -> StoredObject:
    """Keep a run on a new thread."""
    assistant = await parts.assistants.create(
        OWNER, AssistantRequest(model="small", tools=list(tools))
    )
    said: Any = [{"role": "user", "content": text}]
    thread = await parts.threads.create(OWNER, ThreadRequest(messages=said))
    return await parts.runs.create(OWNER, thread.id, RunRequest(assistant_id=assistant.id))


async def do_runs(
    directory: Path, answer: Answer, lease_s: int, database: Database, sender: Connection
) -> None:
    """Work on runs as an ingress replica does, for ever, but sooner."""
    module.LEASE_S = lease_s  # type: ignore[misc]
    module.LOOK_EVERY_S = module.RENEW_EVERY_S = 0.1  # type: ignore[misc]
    _, jobs = await replica(database, directory, answer, sender.send)
    sender.send("ready")
    await jobs.work_forever()


def doing_runs(directory: Path, answer: Answer, lease_s: int) -> Any:
    """Return the work of a process."""
    return partial(do_runs, directory, answer, lease_s)


async def until(database: Database, run: StoredObject, *statuses: str) -> StoredObject:
    """Return a run once it has one of these statuses."""
    objects = ObjectStore(database)

    def is_last(kept: StoredObject) -> bool:
        if kept.status in statuses:
            assert kept.body["status"] == kept.status
            return True
        assert kept.status in ("queued", "in_progress", "requires_action", "cancelling"), kept.body
        return False

    return await read_until(lambda: objects.get(OWNER, RUN, run.id), is_last)


async def until_begun(database: Database, run: StoredObject) -> None:
    """Wait until a run has begun its message."""
    await read_until(lambda: read_messages(database, run), lambda content: bool(content[0]))


async def read_messages(
    database: Database, run: StoredObject
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return what the assistant said in the run's thread, and types and statuses of its steps."""
    objects = ObjectStore(database)
    messages = await objects.all(OWNER, MESSAGE, run.body["thread_id"])
    steps = await objects.all(OWNER, STEP, run.id)
    return (
        [
            f"{each.status}: {''.join(part['text']['value'] for part in each.body['content'])}"
            for each in messages
            if each.body["role"] == "assistant"
        ],
        [(step.body["type"], step.body["status"]) for step in steps],
    )
