# pyright: reportDeprecated=false
"""Jobs of every kind on the whole application, and the model that they use."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

from serve_app.jobs import worker
from serve_app.models import retrying
from serve_app.models.registry import Registry
from serve_app.storage.database import Database
from serve_app.storage.migrate import open_database
from tests.support.application import create_test_api
from tests.support.batch_requests import answer as chat_completion
from tests.support.batch_requests import begin as begin_batch
from tests.support.batch_requests import line
from tests.support.batch_requests import read_lines as made_by_batch
from tests.support.chat_frames import says
from tests.support.response_events import event, make_response
from tests.support.scripted_model import CARD as CHAT_CARD
from tests.support.scripted_model import connect
from tests.support.serve_details import application, details
from tests.support.waiting import read_until, until
from tests.support.word_model import CARD as EMBEDDINGS_CARD
from tests.support.word_model import answer as vectors
from tests.support.word_model import upload, vector
from wire.calls import Call, Reply, Usage

State = tuple[str, str | None]
"""The status of a job and, if it has failed, why."""
Check = Callable[[], Awaitable[State]]
Add = Callable[[AsyncOpenAI], Awaitable[Check]]


class Model:
    """Answers jobs of every kind, once its troubles are over and it may."""

    def __init__(self, report: Callable[[str], None] | None = None) -> None:
        self.reports: list[str] = []
        self.troubles: list[Exception] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._report = report or self.reports.append

    async def run(self, call: Call) -> Reply:
        await self._begin()
        if call.operation == "embeddings":
            texts = json.loads(call.body)["input"]
            return Reply(vectors([vector(text) for text in texts]), Usage(3))
        return Reply(chat_completion("hi"), Usage(3, 4))

    async def stream(self, call: Call) -> AsyncGenerator[bytes | Usage]:
        await self._begin()
        if call.operation != "response":
            for piece in says("There"):
                yield piece
            return
        asked = json.loads(call.body)
        made = make_response("There") | {"id": asked["request_id"]} | asked["shown"]
        begun = {**made, "status": "in_progress", "output": [], "completed_at": None}
        number = asked.get("num_events_before", 0)
        yield event("response.created", number, response=begun)
        yield event("response.in_progress", number + 1, response=begun)
        yield event("response.completed", number + 2, response=made)
        yield Usage(3, 4)

    async def _begin(self) -> None:
        self._report("asked")
        if self.troubles:
            raise self.troubles.pop(0)
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self._report("left")
            raise

    async def until(self, what: str, number: int = 1) -> None:
        """Wait until it has reported something so many times."""
        await until(lambda: self.reports.count(what) >= number)


@asynccontextmanager
async def server(
    url: str, directory: Path, model: Model, *, works: bool = True
) -> AsyncIterator[AsyncOpenAI]:
    """Start an ingress replica without Ray; without ``works`` it only queues jobs."""

    async def read() -> dict[str, Any]:
        cards = (CHAT_CARD, EMBEDDINGS_CARD)
        return details(**{card.id: application(card) for card in cards})

    registry = Registry(
        read,
        lambda _: model,  # type: ignore[arg-type, return-value]
        poll_interval_s=1,
        cold_start_timeout_s=1,
    )
    database = Database(url)
    api = create_test_api(registry, database=database, files_url=str(directory / "files"))
    async with connect(api) as http:
        client = AsyncOpenAI(
            base_url="http://test/v1", api_key="x", http_client=http, max_retries=0
        )
        if works:
            async with api.router.lifespan_context(api):
                yield client
            return
        await open_database(database)
        await registry.refresh()
        yield client
        await database.close()


async def add_response(client: AsyncOpenAI) -> Check:
    made = await client.responses.create(model="small", input="hi", background=True)

    async def check() -> State:
        now = await client.responses.retrieve(made.id)
        return now.status or "", now.error.message if now.error else None

    return check


async def add_run(client: AsyncOpenAI) -> Check:
    assistant = await client.beta.assistants.create(model="small")
    run = await client.beta.threads.create_and_run(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "hi"}]}
    )

    async def check() -> State:
        now = await client.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
        return now.status, now.last_error.message if now.last_error else None

    return check


async def add_batch(client: AsyncOpenAI) -> Check:
    batch = await begin_batch(client, [line("a")])

    async def check() -> State:
        now = await client.batches.retrieve(batch.id)
        if now.error_file_id is None or now.status != "completed":
            return now.status, None
        (failure,) = await made_by_batch(client, now.error_file_id)
        return "failed", failure["response"]["body"]["error"]["message"]

    return check


async def add_file(client: AsyncOpenAI) -> Check:
    file_id = await upload(client)
    store = await client.vector_stores.create()
    await client.vector_stores.files.create(store.id, file_id=file_id)

    async def check() -> State:
        now = await client.vector_stores.files.retrieve(file_id, vector_store_id=store.id)
        return now.status, now.last_error.message if now.last_error else None

    return check


KINDS: dict[str, Add] = {
    "response": add_response,
    "thread.run": add_run,
    "batch": add_batch,
    "vector_store.file": add_file,
}


async def wait_for_end(check: Check) -> State:
    """Return the state of a job that has ended."""
    return await read_until(check, lambda state: state[0] in ("completed", "failed"))


async def do_jobs(
    directory: Path, url: str, may_answer: bool, database: Database, sender: Connection
) -> None:
    """Do jobs as an ingress replica does, for ever, and report each request to the model."""
    worker.LEASE_S, worker.LOOK_EVERY_S, worker.RENEW_EVERY_S = 2, 0.1, 0.1  # type: ignore[misc]
    retrying.FIRST_PAUSE_S = 0.01  # type: ignore[misc, assignment]
    model = Model(sender.send)
    if not may_answer:
        model.may_answer.clear()
    async with server(url, directory, model):
        await asyncio.Event().wait()


def doing_jobs(directory: Path, url: str, *, may_answer: bool) -> Any:
    """Return the work of a process."""
    return partial(do_jobs, directory, url, may_answer)
