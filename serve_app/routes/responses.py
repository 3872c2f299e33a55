"""POST /v1/responses, and what is kept of them."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.http.sse import event_stream
from serve_app.responses.turn import ResponseStream, create_whole, prepare_turn
from serve_app.routes.dependencies import BackgroundDep, CallsDep, HistoryDep, RemoteFilesDep
from serve_app.routes.lists import Limit, Order, select_page
from wire.calls import Kind, Operation
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
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    turn = await prepare_turn(body, model, history, remote_files)
    if body.background:
        queued = await background.add(turn, history)
        if not body.stream:
            return json_response(queued)
        events = background.follow(history, turn.id, after=-1)
        return await event_stream(events, calls.record)
    if body.stream:
        stream = ResponseStream(turn, calls, history)
        return await event_stream(stream.events(), calls.record, stream.encode_error)
    return Response(await create_whole(turn, calls, history), media_type="application/json")


@router.post("/responses/input_tokens")
async def count_input_tokens(
    body: ResponseRequest, calls: CallsDep, history: HistoryDep, remote_files: RemoteFilesDep
) -> Response:
    """Count the tokens that a response would read."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    turn = await prepare_turn(body, model, history, remote_files)
    reply = await calls.run(model, Operation.RESPONSE_INPUT_TOKENS, turn.request)
    return Response(reply.body, media_type="application/json")


@router.get("/responses/{response_id}")
async def retrieve_response(
    response_id: str,
    calls: CallsDep,
    history: HistoryDep,
    background: BackgroundDep,
    *,
    stream: bool = False,
    starting_after: Annotated[int, Query(ge=-1)] = -1,
) -> Response:
    """Return a response as it is now, or the events of one that was made in the background."""
    kept = await history.responses.get(history.owner, response_id)
    if not stream:
        return json_response(kept.body)
    events = background.follow(history, response_id, after=starting_after)
    return await event_stream(events, calls.record)


@router.delete("/responses/{response_id}")
async def delete_response(response_id: str, history: HistoryDep) -> Response:
    """Forget a response."""
    await history.responses.delete(history.owner, response_id)
    return json_response(ResponseDeleted(id=response_id))


@router.post("/responses/{response_id}/cancel")
async def cancel_response(
    response_id: str, history: HistoryDep, background: BackgroundDep
) -> Response:
    """Stop one that is made in the background."""
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
    kept = await history.responses.get(history.owner, response_id)
    return json_response(select_page(kept.input, limit=limit, order=order, after=after))
