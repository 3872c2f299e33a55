"""A run is done once, whoever is killed while he works on it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serve_app.assistants.assembly import AssistantParts
from serve_app.assistants.objects import ASSISTANT, MESSAGE, RUN, THREAD
from serve_app.storage.database import Database
from serve_app.storage.object_rows import StoredObject
from serve_app.storage.objects import Cursor, ObjectStore
from tests.storage.processes import Replica
from tests.storage.runs import (
    Answer,
    doing_runs,
    half,
    in_words,
    new_run,
    read_messages,
    replica,
    until,
    until_begun,
    with_code_then_never,
    with_the_function,
)
from tests.storage.stored import OWNER
from wire.errors import InvalidRequestError
from wire.openai.assistants import AssistantRequest
from wire.openai.runs import RunRequest, ToolOutput
from wire.openai.threads import ThreadRequest

CODE: Any = {"type": "code_interpreter"}
Start = Callable[..., Replica]


@pytest.fixture
def start(url: str, database: Database, tmp_path: Path) -> Iterator[Start]:
    """Start a process that works on runs, as an ingress replica does."""
    started: list[Replica] = []

    def start(answer: Answer, lease_s: int = 2) -> Replica:
        started.append(Replica(url, doing_runs(tmp_path, answer, lease_s)))
        assert started[-1].reports.recv() == "ready"
        return started[-1]

    yield start
    for process in started:
        if process.process.is_alive():
            process.kill()


@pytest.fixture
async def parts(database: Database, tmp_path: Path) -> AssistantParts:
    """What an ingress replica that works on nothing has."""
    return (await replica(database, tmp_path))[0]


async def test_run_whose_process_is_killed_in_an_answer_is_completed_by_another(
    database: Database, parts: AssistantParts, start: Start
) -> None:
    run = await new_run(parts)
    killed = start(half)
    assert killed.reports.recv() == "asked hi"
    await until_begun(database, run)
    killed.kill()

    start(in_words)
    kept = await until(database, run, "completed")

    assert await read_messages(database, run) == (
        ["completed: There are 1."],
        [("message_creation", "completed")],
    )
    assert kept.body["usage"]["total_tokens"] == 10


async def test_run_whose_process_is_killed_between_turns_does_no_turn_twice(
    database: Database, parts: AssistantParts, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.threads.resources, "runs_code", True)
    run = await new_run(parts, tools=[CODE])
    killed = start(with_code_then_never)
    assert [killed.reports.recv() for _ in range(2)] == ["asked hi"] * 2
    killed.kill()

    next_one = start(in_words)
    kept = await until(database, run, "completed")

    assert await read_messages(database, run) == (
        ["completed: There are 3."],
        [("tool_calls", "completed"), ("message_creation", "completed")],
    )
    assert kept.body["usage"] == {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
    next_one.kill()
    assert next_one.rest() == ["asked hi"]


async def test_run_that_waits_for_outputs_outlives_its_process(
    database: Database, parts: AssistantParts, start: Start
) -> None:
    run = await new_run(parts)
    killed = start(with_the_function)
    waiting = await until(database, run, "requires_action")
    killed.kill()
    (call,) = waiting.body["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [ToolOutput(tool_call_id=call["id"], output="3")]
    await parts.runs.submit(OWNER, run.body["thread_id"], run.id, outputs, held=False)

    start(in_words)
    await until(database, run, "completed")

    assert await read_messages(database, run) == (
        ["completed: There are 3."],
        [("tool_calls", "completed"), ("message_creation", "completed")],
    )
    with pytest.raises(InvalidRequestError, match="is completed"):
        await parts.runs.submit(OWNER, run.body["thread_id"], run.id, outputs, held=False)


async def test_runs_are_done_once_by_two_replicas(
    database: Database, parts: AssistantParts, start: Start
) -> None:
    replicas = [start(in_words, 60) for _ in range(2)]
    runs = await asyncio.gather(*(new_run(parts, f"{n}") for n in range(10)))

    await asyncio.gather(*(until(database, run, "completed") for run in runs))

    for process in replicas:
        process.kill()
    asked = Counter(report for process in replicas for report in process.rest())
    assert asked == {f"asked {n}": 1 for n in range(10)}
    for run in runs:
        assert (await read_messages(database, run))[0] == ["completed: There are 1."]


async def test_runs_on_one_thread_at_once_are_one(
    parts: AssistantParts, other: Database, tmp_path: Path
) -> None:
    run = await new_run(parts)
    thread_id = run.body["thread_id"]
    await ObjectStore(other).delete(OWNER, RUN, run.id)
    elsewhere, _ = await replica(other, tmp_path)
    request = RunRequest(assistant_id=run.body["assistant_id"])
    begun = await asyncio.gather(
        *(each.runs.create(OWNER, thread_id, request) for each in (parts, elsewhere) * 5),
        return_exceptions=True,
    )

    assert sum(isinstance(each, StoredObject) for each in begun) == 1
    assert sum(isinstance(each, InvalidRequestError) for each in begun) == 9


async def test_creates_of_two_replicas_at_once_lose_nothing(
    parts: AssistantParts, database: Database, other: Database, tmp_path: Path
) -> None:
    elsewhere, _ = await replica(other, tmp_path)
    both = (parts, elsewhere)
    said: Any = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]

    made = await asyncio.gather(
        *(
            both[n % 2].assistants.create(OWNER, AssistantRequest(model="small", name=f"{n}"))
            for n in range(100)
        ),
        *(both[n % 2].threads.create(OWNER, ThreadRequest(messages=said)) for n in range(100)),
    )

    objects = ObjectStore(database)
    for kind, number in ((ASSISTANT, 100), (THREAD, 100), (MESSAGE, 200)):
        found, _ = await objects.page(OWNER, kind, Cursor(1000))
        assert len({each.id for each in found}) == number
    kept = await objects.find(OWNER, ASSISTANT, [each.id for each in made[:100]])
    assert sorted(int(each.body["name"]) for each in kept.values()) == list(range(100))
    for thread in made[100:]:
        messages = await objects.all(OWNER, MESSAGE, thread.id)
        assert [each.body["role"] for each in messages] == ["user", "assistant"]
