# pyright: reportDeprecated=false
"""What is kept is there again when the server starts anew on its database and its files."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from openai import AsyncOpenAI

from serve_app.storage.database import Database
from tests.api.assistants import Turns, assistant, ran, texts
from tests.api.conftest import CreateApi
from tests.support.chat_frames import FUNCTION, calls, says
from tests.support.scripted_model import connect


@pytest.fixture
def model() -> Turns:
    return Turns()


@asynccontextmanager
async def started(create: CreateApi, folder: Path) -> AsyncGenerator[AsyncOpenAI]:
    api = create(database=Database(f"sqlite:///{folder}/homeport.db"), files_url=f"{folder}/files")
    async with api.router.lifespan_context(api), connect(api) as client:
        yield AsyncOpenAI(base_url="http://test/v1", api_key="x", http_client=client, max_retries=0)


async def test_all_is_there_after_a_restart(
    create: CreateApi, model: Turns, tmp_path: Path
) -> None:
    model.turns = [says("Hello")]
    async with started(create, tmp_path) as client:
        file = await client.files.create(file=("a.txt", b"what it says"), purpose="assistants")
        made = await assistant(client, name="Ada", metadata={"k": "v"})
        thread_id, run = await ran(client, "hi")
        store = await client.vector_stores.create(name="kept")

    async with started(create, tmp_path) as client:
        assert await client.files.retrieve(file.id) == file
        assert (await client.files.content(file.id)).content == b"what it says"
        assert await client.beta.assistants.retrieve(made.id) == made
        assert await texts(client, thread_id) == ["hi", "Hello"]
        assert await client.beta.threads.runs.retrieve(run.id, thread_id=thread_id) == run
        assert (await client.vector_stores.retrieve(store.id)).name == "kept"


async def test_run_that_waits_goes_on_after_a_restart(
    create: CreateApi, model: Turns, tmp_path: Path
) -> None:
    model.turns = [calls(("add", "{}")), says("3")]
    async with started(create, tmp_path) as client:
        thread_id, run = await ran(client, "1+2?", tools=[FUNCTION])
        assert run.status == "requires_action"

    async with started(create, tmp_path) as client:
        run = await client.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id,
            thread_id=thread_id,
            tool_outputs=[{"tool_call_id": "call_0", "output": "3"}],
            poll_interval_ms=20,
        )
        assert run.status == "completed"
        assert await texts(client, thread_id) == ["1+2?", "3"]
