"""POST /v1/responses, and the stored responses."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.http.streaming import event_stream
from serve_app.responses.answer import count_tokens, respond
from serve_app.responses.compaction import compact
from serve_app.routes.dependencies import BackgroundDep, CallsDep, HistoryDep, RemoteFilesDep
from serve_app.routes.lists import Limit, Order, select_page
from wire.openai.compaction import CompactRequest
from wire.openai.responses import ResponseDeleted, ResponseRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/responses")
async def create_response(
    body: ResponseRequest,
    calls: CallsDep,
    history: HistoryDep,
    background: BackgroundDep,
    remote_files: RemoteFilesDep,
) -> Response:
    """Answer, whole or as a stream of events, now or in the background."""
    return await respond(body, calls, history, background, remote_files)


@router.post("/responses/input_tokens")
async def count_input_tokens(
    body: ResponseRequest, calls: CallsDep, history: HistoryDep, remote_files: RemoteFilesDep
) -> Response:
    """Count the tokens that a response would read."""
    counted = await count_tokens(body, calls, history, remote_files)
    return json_response(counted)


@router.post("/responses/compact")
async def compact_response(
    body: CompactRequest, calls: CallsDep, history: HistoryDep, remote_files: RemoteFilesDep
) -> Response:
    """Summarize a conversation."""
    return json_response(await compact(body, calls, history, remote_files))


@router.get("/responses/{response_id}")
async def retrieve_response(
    response_id: str,
    calls: CallsDep,
    history: HistoryDep,
    background: BackgroundDep,
    *,
    stream: bool = False,
    starting_after: Annotated[int, Query(ge=-1, lt=2**31)] = -1,
) -> Response:
    """Return a response as it is now, or the events of a background response."""
    stored = await history.responses.get(history.owner, response_id)
    if not stream:
        return json_response(stored.body)
    events = background.follow(history, response_id, after=starting_after)
    return await event_stream(events, calls.record)


@router.delete("/responses/{response_id}")
async def delete_response(response_id: str, history: HistoryDep) -> Response:
    """Delete a response."""
    await history.responses.delete(history.owner, response_id)
    return json_response(ResponseDeleted(id=response_id))


@router.post("/responses/{response_id}/cancel")
async def cancel_response(
    response_id: str, history: HistoryDep, background: BackgroundDep
) -> Response:
    """Cancel a background response."""
    return json_response(await background.cancel(history, response_id))


@router.get("/responses/{response_id}/input_items")
async def list_input_items(
    response_id: str,
    history: HistoryDep,
    limit: Limit = 20,
    order: Order = "desc",
    after: str | None = None,
) -> Response:
    """List the input items of a response."""
    stored = await history.responses.get(history.owner, response_id)
    return json_response(select_page(stored.input, limit=limit, order=order, after=after))
