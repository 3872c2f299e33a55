"""Batches on a database and a directory, and who answers their lines."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from serve_app.batches.batches import KIND, Batches
from serve_app.http.middleware import INTERNAL_REQUEST
from serve_app.jobs import worker as module
from serve_app.jobs.worker import JobKind, Jobs
from serve_app.storage.database import Database
from serve_app.storage.files import FileStore
from serve_app.storage.jobs import JobStore
from serve_app.storage.kept_files import KeptFiles
from serve_app.storage.object_rows import StoredObject, store_answer
from serve_app.storage.objects import ObjectStore
from tests.storage.stored import OWNER
from wire.ids import new_id
from wire.openai.batches import BatchRequest, new_batch

AT_ONCE = 4
STOP = "stop"
"""What is answered once ``goes_on`` is set."""


class Answerer:
    """An application that answers with what it was asked, and tells of it."""

    def __init__(self, sender: Connection | None = None) -> None:
        self.asked: list[str] = []
        self.goes_on = asyncio.Event()
        self._sender = sender

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        text = (await Request(scope, receive).json())["input"]
        self.asked.append(text)
        if self._sender is not None:
            self._sender.send(text)
        if text == STOP:
            await self.goes_on.wait()
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        answer = {
            "model": "small",
            "data": text,
            "owner": scope[INTERNAL_REQUEST].owner,
            "usage": usage,
        }
        await JSONResponse(answer)(scope, receive, send)


def files_in(database: Database, directory: Path) -> KeptFiles:
    return KeptFiles(database, FileStore(str(directory / "files")))


def batches_in(database: Database, directory: Path, jobs: JobStore, answerer: Answerer) -> Batches:
    files = files_in(database, directory)
    return Batches(answerer, database, files, jobs, at_once=AT_ONCE, max_body_bytes=1000)


async def add_batch(database: Database, directory: Path, texts: Sequence[str]) -> StoredObject:
    """Keep a batch with a line for each text."""
    files = files_in(database, directory)
    file = await files.add(OWNER, "in.jsonl", "batch", _lines(texts))
    request = BatchRequest(
        input_file_id=file.id, endpoint="/v1/embeddings", completion_window="24h"
    )
    names = {f"{name}_file_id": new_id("file", "-") for name in ("output", "error")}
    state = {**names, "output_expires_after_s": None}
    batch = store_answer(OWNER, new_batch(request), state=state)
    await ObjectStore(database).add(batch)
    return batch


async def _lines(texts: Sequence[str]) -> AsyncIterator[bytes]:
    for number, text in enumerate(texts):
        line = {"custom_id": f"{number}", "method": "POST", "url": "/v1/embeddings"}
        yield json.dumps({**line, "body": {"input": text}}).encode() + b"\n"


async def read_lines(database: Database, directory: Path, file_id: str) -> list[dict[str, Any]]:
    """Return what is in a file that a batch has made."""
    files = files_in(database, directory)
    content = b"".join([part async for part in files.content(await files.get(OWNER, file_id))])
    return [json.loads(line) for line in content.splitlines()]


async def do_batches(directory: Path, database: Database, sender: Connection) -> None:
    """Work on batches as an ingress replica does, for ever, and report each text that is asked."""
    module.LEASE_S, module.LOOK_EVERY_S, module.RENEW_EVERY_S = 2, 0.1, 0.1  # type: ignore[misc]
    jobs = Jobs(database)
    batches = batches_in(database, directory, jobs.store, Answerer(sender))
    jobs.define({KIND: JobKind(batches.work, batches.fail, batches.work)})
    await jobs.work_forever()
