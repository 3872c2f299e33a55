"""Answers requests for responses: whole, as a stream of events, or in the background."""

from fastapi import Response

from serve_app.http.json_response import json_response
from serve_app.http.streaming import event_stream
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.responses.background import BackgroundResponses
from serve_app.responses.turn import History, ResponseStream, create_whole, prepare_turn
from wire.calls import Kind, Operation
from wire.openai.responses import ResponseRequest


async def respond(
    body: ResponseRequest,
    calls: Calls,
    history: History,
    background: BackgroundResponses,
    remote_files: RemoteFiles,
) -> Response:
    """Answer a request, now or in the background."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    turn = await prepare_turn(body, model, calls, history, remote_files)
    if body.background:
        queued = await background.add(turn, history)
        if not body.stream:
            return json_response(queued)
        events = background.follow(history, turn.id, after=-1)
        return await event_stream(events, calls.record)
    if body.stream:
        stream = ResponseStream(turn, calls, history)
        return await event_stream(stream.events(), calls.record, stream.encode_error)
    return json_response(await create_whole(turn, calls, history))


async def count_tokens(
    body: ResponseRequest, calls: Calls, history: History, remote_files: RemoteFiles
) -> bytes:
    """Return how many tokens a response would read, as JSON."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    turn = await prepare_turn(body, model, calls, history, remote_files)
    reply = await calls.run(model, Operation.RESPONSE_INPUT_TOKENS, turn.request)
    return reply.body
