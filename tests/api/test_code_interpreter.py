# pyright: reportDeprecated=false
"""Assistants that run code, in a real sandbox: what comes of it, and who sees it."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from openai import AsyncOpenAI
from openai.types.beta import AssistantStreamEvent
from openai.types.beta.threads import Message, Run
from openai.types.beta.threads.runs import CodeInterpreterToolCall, RunStep, ToolCallsStepDetails

from serve_app.config import CodeInterpreterConfig
from tests.api.assistants import Turns, assistant, texts
from tests.api.conftest import CreateApi
from tests.support.chat_frames import calls, says
from tests.support.openai_conformance import assert_conforms, events
from tests.support.sandbox import BWRAP
from tests.support.scripted_model import KEY, connect
from wire.limits import MAX_WRITTEN_FILES

TOOL: Any = {"type": "code_interpreter"}
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and so on").decode()
WRITES = f"""import base64
open("x.csv", "w").write("a,b\\n1,2\\n")
open("plot.png", "wb").write(base64.b64decode("{PNG}"))
print("written")
"""


@pytest.fixture
def model() -> Turns:
    return Turns()


@pytest.fixture
async def openai_client(create: CreateApi) -> AsyncIterator[AsyncOpenAI]:
    """OpenAI's SDK on a server that runs code."""
    limits = CodeInterpreterConfig(bwrap=BWRAP, disk_bytes=2**20, timeout_s=30)
    api = create(frozenset({KEY}), code_interpreter=limits)
    async with api.router.lifespan_context(api), connect(api) as client:
        yield AsyncOpenAI(base_url="http://test/v1", api_key=KEY, http_client=client, max_retries=0)


def runs_code(*programs: str) -> list[Any]:
    """Return an answer that runs programs."""
    return calls(*(("code_interpreter", json.dumps({"code": code})) for code in programs))


async def went(client: AsyncOpenAI, thread_id: str, assistant_id: str) -> Run:
    run = await client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant_id, poll_interval_ms=20
    )
    assert run.status == "completed", run.last_error
    return run


async def shown(client: AsyncOpenAI, run: Run) -> list[CodeInterpreterToolCall]:
    """Return the calls of a run as its steps show them, in order."""
    page = await client.beta.threads.runs.steps.list(run.id, thread_id=run.thread_id, order="asc")
    found: list[CodeInterpreterToolCall] = []
    for step in page.data:
        assert_conforms(RunStep, step.model_dump_json())
        if isinstance(step.step_details, ToolCallsStepDetails):
            for call in step.step_details.tool_calls:
                assert call.type == "code_interpreter"
                found.append(call)
    return found


async def ran(client: AsyncOpenAI, model: Turns, *programs: str) -> tuple[Run, str]:
    """Run one program a turn; return the run, and what the model was told last."""
    model.turns = [*(runs_code(code) for code in programs), says("Done.")]
    made = await assistant(client, tools=[TOOL])
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    run = await went(client, thread.id, made.id)
    return run, model.asked["messages"][-1]["content"]


async def test_program_is_run_and_its_files_can_be_downloaded(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [runs_code(WRITES), says("See [it](sandbox:/mnt/data", "/x.csv).")]
    made = await assistant(openai_client, tools=[TOOL])
    thread = await openai_client.beta.threads.create(messages=[{"role": "user", "content": "go"}])

    run = await went(openai_client, thread.id, made.id)

    (call,) = await shown(openai_client, run)
    assert call.code_interpreter.input == WRITES
    logs, image = call.code_interpreter.outputs
    assert logs.type == "logs"
    assert logs.logs == "written\n"
    assert image.type == "image"
    png = await openai_client.files.content(image.image.file_id)
    assert png.content == base64.b64decode(PNG)
    page = await openai_client.beta.threads.messages.with_raw_response.list(thread.id)
    message = json.loads(page.text)["data"][0]
    block = assert_conforms(Message, json.dumps(message)).content[0]
    (annotation,) = block.text.annotations
    assert annotation.type == "file_path"
    assert annotation.text == "sandbox:/mnt/data/x.csv"
    value = block.text.value
    assert value[annotation.start_index : annotation.end_index] == annotation.text
    csv = await openai_client.files.retrieve(annotation.file_path.file_id)
    assert (csv.purpose, csv.filename, csv.bytes) == ("assistants_output", "x.csv", 8)
    assert (await openai_client.files.content(csv.id)).content == b"a,b\n1,2\n"
    assert model.asked["messages"][-1]["content"] == (
        "written\nFiles for the user, to be named by these paths:\n"
        "sandbox:/mnt/data/plot.png\nsandbox:/mnt/data/x.csv"
    )


async def test_stream_tells_what_a_program_is_and_what_came_of_it(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    model.turns = [runs_code(WRITES, "1 + 1"), says("sandbox:/mnt/data/x.csv")]
    made = await assistant(openai_client, tools=[TOOL])

    raw = await openai_client.beta.threads.with_raw_response.create_and_run(
        assistant_id=made.id,
        thread={"messages": [{"role": "user", "content": "go"}]},
        stream=True,
    )

    await raw.http_response.aread()
    told = list(events(raw.http_response.text))
    for name, data in told[:-1]:
        assert_conforms(AssistantStreamEvent, json.dumps({"event": name, "data": json.loads(data)}))
    deltas = [
        json.loads(data)["delta"]["step_details"]["tool_calls"]
        for name, data in told
        if name == "thread.run.step.delta"
    ]
    outputs = {
        call["index"]: call["code_interpreter"]["outputs"]
        for calls in deltas
        for call in calls
        if call.get("code_interpreter", {}).get("outputs")
    }
    assert [[each["type"] for each in outputs[n]] for n in (0, 1)] == [["logs", "image"], ["logs"]]
    assert outputs[1][0]["logs"] == "2\n"
    assert outputs[0][0]["index"] == 0
    assert outputs[0][1]["index"] == 1


async def test_sdks_stream_helper_gathers_a_call(openai_client: AsyncOpenAI, model: Turns) -> None:
    model.turns = [runs_code("1 + 1"), says("2")]
    made = await assistant(openai_client, tools=[TOOL])
    thread = await openai_client.beta.threads.create(messages=[{"role": "user", "content": "go"}])

    snapshots: list[Any] = []
    async with openai_client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=made.id
    ) as stream:
        async for event in stream:
            if event.event == "thread.run.step.delta":
                snapshots.append(stream.current_run_step_snapshot)

    (call,) = snapshots[-1].step_details.tool_calls
    assert call.id == "call_0"
    assert call.code_interpreter.input == "1 + 1"
    assert [output.logs for output in call.code_interpreter.outputs] == ["2\n"]


async def test_next_call_in_the_thread_finds_the_files(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    run, _ = await ran(
        openai_client, model, "open('a.txt', 'w').write('1')", "open('a.txt').read()"
    )
    _, second = await shown(openai_client, run)
    assert second.code_interpreter.outputs[0].model_dump()["logs"] == "'1'\n"
    model.turns = [runs_code("open('a.txt', 'a').write('2')"), says("ok")]
    await went(openai_client, run.thread_id, run.assistant_id)
    model.turns = [runs_code("open('a.txt').read()"), says("At sandbox:/mnt/data/a.txt.")]

    last = await went(openai_client, run.thread_id, run.assistant_id)

    (call,) = await shown(openai_client, last)
    assert call.code_interpreter.outputs[0].model_dump()["logs"] == "'12'\n"
    message = (await openai_client.beta.threads.messages.list(run.thread_id)).data[0]
    block = message.content[0]
    assert block.type == "text"
    (annotation,) = block.text.annotations
    assert annotation.type == "file_path"
    content = await openai_client.files.content(annotation.file_path.file_id)
    assert content.content == b"12"


async def test_uploaded_files_can_be_read(openai_client: AsyncOpenAI, model: Turns) -> None:
    async def upload(name: str, content: bytes) -> str:
        return (await openai_client.files.create(file=(name, content), purpose="assistants")).id

    ids = [await upload("a.csv", b"one"), await upload("a.csv", b"two"), await upload("b", b"3")]
    long, large = await upload("ü" * 120 + ".csv", b"4"), await upload("c", bytes(2**20))
    model.turns = [
        runs_code("import os\n{n: open(n).read() for n in sorted(os.listdir('.'))}"),
        says("ok"),
    ]
    made = await assistant(
        openai_client, tools=[TOOL], tool_resources={"code_interpreter": {"file_ids": ids[:1]}}
    )
    thread = await openai_client.beta.threads.create(
        tool_resources={"code_interpreter": {"file_ids": [ids[1], long, large]}},
        messages=[
            {
                "role": "user",
                "content": "go",
                "attachments": [{"file_id": ids[2], "tools": [TOOL]}],
            }
        ],
    )

    await went(openai_client, thread.id, made.id)

    told = model.asked["messages"][-1]["content"]
    wanted = {"a.csv": "one", "b": "3", f"{ids[1]}-a.csv": "two", "ü" * 60 + ".csv": "4"}
    assert told == f"{wanted}\nFiles that are too large to be read here: c."


async def test_only_plain_files_are_kept(openai_client: AsyncOpenAI, model: Turns) -> None:
    _, told = await ran(
        openai_client,
        model,
        "import os\n"
        "os.symlink('/etc/hostname', 'link.txt')\nos.symlink('/proc/self/environ', 'env.txt')\n"
        "os.mkdir('folder')\nopen('folder/inner', 'w').close()\nos.mkfifo('fifo')\n"
        "open('a\\nb', 'w').close()\nopen(b'\\xff', 'w').close()\n"
        "open('x' * 251 + '.txt', 'w').write('1')\n"
        "open('..x', 'w').close()\nos.link('..x', 'hard')\nos.chmod('hard', 0)",
    )

    assert told == (
        "(nothing was printed)\nFiles for the user, to be named by these paths:\n"
        f"sandbox:/mnt/data/..x\nsandbox:/mnt/data/hard\nsandbox:/mnt/data/{'x' * 251}.txt"
    )
    kept = [file.filename async for file in openai_client.files.list()]
    assert sorted(kept) == sorted(["..x", "hard", f"{'x' * 251}.txt"])


async def test_of_many_files_twenty_are_kept(openai_client: AsyncOpenAI, model: Turns) -> None:
    _, told = await ran(
        openai_client, model, "for n in range(21):\n    open(f'{n:02}', 'w').close()"
    )

    assert told.endswith("sandbox:/mnt/data/19\nOf 21 files only 20 were kept.")
    assert len((await openai_client.files.list()).data) == MAX_WRITTEN_FILES


async def test_model_is_told_what_is_wrong_with_its_program(
    openai_client: AsyncOpenAI, model: Turns
) -> None:
    _, told = await ran(openai_client, model, "1 / 0")
    assert told.endswith("ZeroDivisionError: division by zero\nThe program ended with status 1.")

    model.turns = [calls(("code_interpreter", '{"program": 1}')), says("ok")]
    made = await assistant(openai_client, tools=[TOOL])
    thread = await openai_client.beta.threads.create(messages=[{"role": "user", "content": "go"}])
    await went(openai_client, thread.id, made.id)
    assert "'code'" in model.asked["messages"][-1]["content"]


async def test_file_that_is_gone_is_left_out(openai_client: AsyncOpenAI, model: Turns) -> None:
    run, _ = await ran(openai_client, model, "open('a', 'w').close()")
    (file,) = (await openai_client.files.list()).data
    await openai_client.files.delete(file.id)
    model.turns = [runs_code("import os\nos.listdir('.')"), says("ok")]

    await went(openai_client, run.thread_id, run.assistant_id)

    assert model.asked["messages"][-1]["content"] == "[]"
    assert await texts(openai_client, run.thread_id) == ["go", "Done.", "ok"]
