"""/v1/threads/…/runs: an assistant answers the messages of a thread."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Response

from serve_app.assistants.objects import RUN, STEP
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.http.streaming import event_stream
from serve_app.routes.dependencies import (
    CallsDep,
    CursorDep,
    ObjectsDep,
    OwnerDep,
    RunsDep,
    ShowDep,
)
from serve_app.routes.lists import stored_page
from serve_app.storage.object_rows import StoredObject
from wire.openai.runs import Includable, RunRequest, ThreadRunRequest, ToolOutputs
from wire.openai.threads import MetadataUpdate

router = APIRouter(route_class=JSONRoute)

Include = Annotated[list[Includable] | None, Query(alias="include[]")]


@router.post("/threads/runs")
async def create_thread_and_run(
    body: ThreadRunRequest, owner: OwnerDep, runs: RunsDep, calls: CallsDep, show: ShowDep
) -> Response:
    """Create a thread and a run on it."""
    thread, run = await runs.create_with_thread(owner, body)
    if not body.stream:
        return json_response(show(run.body))
    events = [("thread.created", thread), ("thread.run.created", run), ("thread.run.queued", run)]
    return await event_stream(runs.follow(run, events, show), calls.record)


@router.post("/threads/{thread_id}/runs")
async def create_run(
    thread_id: str,
    body: RunRequest,
    owner: OwnerDep,
    runs: RunsDep,
    calls: CallsDep,
    show: ShowDep,
    include: Include = None,
) -> Response:
    """Create a run; with `stream`, answer with its events."""
    if include:
        body.include = include
    run = await runs.create(owner, thread_id, body)
    if not body.stream:
        return json_response(show(run.body))
    events = [("thread.run.created", run), ("thread.run.queued", run)]
    return await event_stream(runs.follow(run, events, show), calls.record)


@router.get("/threads/{thread_id}/runs")
async def list_runs(
    thread_id: str, cursor: CursorDep, owner: OwnerDep, objects: ObjectsDep, show: ShowDep
) -> Response:
    """List the runs of a thread."""
    await objects.get(owner, "thread", thread_id)
    return json_response(stored_page(await objects.page(owner, RUN, cursor, thread_id), show))


@router.get("/threads/{thread_id}/runs/{run_id}")
async def retrieve_run(
    thread_id: str, run_id: str, owner: OwnerDep, objects: ObjectsDep, show: ShowDep
) -> Response:
    """Return a run."""
    return json_response(show((await objects.get(owner, RUN, run_id, thread_id)).body))


@router.post("/threads/{thread_id}/runs/{run_id}")
async def update_run(
    thread_id: str,
    run_id: str,
    body: MetadataUpdate,
    owner: OwnerDep,
    objects: ObjectsDep,
    show: ShowDep,
) -> Response:
    """Change a run's metadata."""
    run = await objects.merge(owner, RUN, run_id, body.changes(), thread_id)
    return json_response(show(run.body))


@router.post("/threads/{thread_id}/runs/{run_id}/cancel")
async def cancel_run(
    thread_id: str, run_id: str, owner: OwnerDep, runs: RunsDep, show: ShowDep
) -> Response:
    """Cancel a run, which ends within about a second."""
    return json_response(show((await runs.cancel(owner, thread_id, run_id)).body))


@router.post("/threads/{thread_id}/runs/{run_id}/submit_tool_outputs")
async def submit_tool_outputs(
    thread_id: str,
    run_id: str,
    body: ToolOutputs,
    owner: OwnerDep,
    runs: RunsDep,
    calls: CallsDep,
    show: ShowDep,
) -> Response:
    """Continue a run with the outputs of the client's functions."""
    follows = bool(body.stream)
    run, step = await runs.submit(owner, thread_id, run_id, body.tool_outputs, held=follows)
    if not follows:
        return json_response(show(run.body))
    events = [("thread.run.step.completed", step), ("thread.run.queued", run)]
    return await event_stream(runs.follow(run, events, show), calls.record)


@router.get("/threads/{thread_id}/runs/{run_id}/steps")
async def list_run_steps(
    thread_id: str,
    run_id: str,
    cursor: CursorDep,
    owner: OwnerDep,
    objects: ObjectsDep,
    include: Include = None,
) -> Response:
    """List the steps of a run."""
    await objects.get(owner, RUN, run_id, thread_id)
    steps, has_more = await objects.page(owner, STEP, cursor, run_id)
    steps = [_with_passages(step, include) for step in steps]
    return json_response(stored_page((steps, has_more)))


@router.get("/threads/{thread_id}/runs/{run_id}/steps/{step_id}")
async def retrieve_run_step(
    thread_id: str,
    run_id: str,
    step_id: str,
    owner: OwnerDep,
    objects: ObjectsDep,
    include: Include = None,
) -> Response:
    """Return a step of a run."""
    await objects.get(owner, RUN, run_id, thread_id)
    step = await objects.get(owner, STEP, step_id, run_id)
    return json_response(_with_passages(step, include).body)


def _with_passages(step: StoredObject, include: Include) -> StoredObject:
    """Return a step with the passages of a search where the request includes them."""
    full = (step.state or {}).get("step_details")
    return replace(step, body={**step.body, "step_details": full}) if include and full else step
