"""/v1/threads/…/runs: an assistant answers a thread, with its tools, step by step."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from serve_app.assistants.objects import RUN, STEP
from serve_app.http.json_body import JSONRoute
from serve_app.http.sse import event_stream
from serve_app.routes.dependencies import CallsDep, CursorDep, ObjectsDep, OwnerDep, RunsDep
from serve_app.routes.lists import page_of
from serve_app.storage.object_rows import StoredObject
from wire.openai.runs import Includable, RunRequest, ThreadRunRequest, ToolOutputs
from wire.openai.threads import MetadataUpdate

router = APIRouter(route_class=JSONRoute)

Answer = dict[str, Any]
Include = Annotated[list[Includable] | None, Query(alias="include[]")]


@router.post("/threads/runs", response_model=None)
async def create_thread_and_run(
    body: ThreadRunRequest, owner: OwnerDep, runs: RunsDep, calls: CallsDep
) -> Response:
    """Begin a thread and a run on it."""
    thread, run = await runs.create_with_thread(owner, body)
    if not body.stream:
        return JSONResponse(run.body)
    told = [("thread.created", thread), ("thread.run.created", run), ("thread.run.queued", run)]
    return await event_stream(runs.follow(run, told), calls.record)


@router.post("/threads/{thread_id}/runs", response_model=None)
async def create_run(
    thread_id: str,
    body: RunRequest,
    owner: OwnerDep,
    runs: RunsDep,
    calls: CallsDep,
    include: Include = None,
) -> Response:
    """Begin a run, and tell what happens where the request asks for a stream."""
    if include:
        body.include = include
    run = await runs.create(owner, thread_id, body)
    if not body.stream:
        return JSONResponse(run.body)
    told = [("thread.run.created", run), ("thread.run.queued", run)]
    return await event_stream(runs.follow(run, told), calls.record)


@router.get("/threads/{thread_id}/runs")
async def list_runs(
    thread_id: str, cursor: CursorDep, owner: OwnerDep, objects: ObjectsDep
) -> Answer:
    """List the runs of a thread."""
    await objects.get(owner, "thread", thread_id)
    return page_of(await objects.page(owner, RUN, cursor, thread_id))


@router.get("/threads/{thread_id}/runs/{run_id}")
async def retrieve_run(thread_id: str, run_id: str, owner: OwnerDep, objects: ObjectsDep) -> Answer:
    """Return a run."""
    return (await objects.get(owner, RUN, run_id, thread_id)).body


@router.post("/threads/{thread_id}/runs/{run_id}")
async def update_run(
    thread_id: str, run_id: str, body: MetadataUpdate, owner: OwnerDep, objects: ObjectsDep
) -> Answer:
    """Change its labels."""
    return (await objects.merge(owner, RUN, run_id, body.changed(), thread_id)).body


@router.post("/threads/{thread_id}/runs/{run_id}/cancel")
async def cancel_run(thread_id: str, run_id: str, owner: OwnerDep, runs: RunsDep) -> Answer:
    """Have a run end; within about a second it has."""
    return (await runs.cancel(owner, thread_id, run_id)).body


@router.post("/threads/{thread_id}/runs/{run_id}/submit_tool_outputs", response_model=None)
async def submit_tool_outputs(
    thread_id: str,
    run_id: str,
    body: ToolOutputs,
    owner: OwnerDep,
    runs: RunsDep,
    calls: CallsDep,
) -> Response:
    """Give a run what the client's functions returned; it goes on."""
    follows = bool(body.stream)
    run, step = await runs.submit(owner, thread_id, run_id, body.tool_outputs, held=follows)
    if not follows:
        return JSONResponse(run.body)
    told = [("thread.run.step.completed", step), ("thread.run.queued", run)]
    return await event_stream(runs.follow(run, told), calls.record)


@router.get("/threads/{thread_id}/runs/{run_id}/steps")
async def list_run_steps(
    thread_id: str,
    run_id: str,
    cursor: CursorDep,
    owner: OwnerDep,
    objects: ObjectsDep,
    include: Include = None,
) -> Answer:
    """List what a run has done."""
    await objects.get(owner, RUN, run_id, thread_id)
    steps, has_more = await objects.page(owner, STEP, cursor, run_id)
    return page_of(([_shown(step, include) for step in steps], has_more))


@router.get("/threads/{thread_id}/runs/{run_id}/steps/{step_id}")
async def retrieve_run_step(
    thread_id: str,
    run_id: str,
    step_id: str,
    owner: OwnerDep,
    objects: ObjectsDep,
    include: Include = None,
) -> Answer:
    """Return one thing that a run has done."""
    await objects.get(owner, RUN, run_id, thread_id)
    return _shown(await objects.get(owner, STEP, step_id, run_id), include).body


def _shown(step: StoredObject, include: Include) -> StoredObject:
    """Return a step, with the passages found by a search if they are requested."""
    full = (step.state or {}).get("step_details")
    return replace(step, body={**step.body, "step_details": full}) if include and full else step
