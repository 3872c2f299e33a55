"""POST /v1/messages and /v1/messages/count_tokens: Anthropic's API, on the chat models."""

from functools import partial
from typing import Any

from fastapi import APIRouter, Response

from serve_app.http.error_answers import anthropics_event
from serve_app.http.json_body import JSONRoute
from serve_app.http.sse import event_stream
from serve_app.media.parts import with_files
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.routes.dependencies import CallsDep, RemoteFilesDep
from wire.anthropic.message_blocks import read_messages
from wire.anthropic.messages import CountTokensRequest, MessagesRequest
from wire.calls import Kind, Operation

router = APIRouter(route_class=JSONRoute)

IMAGE_PART = "image_url"
"""What a card calls the images that its model reads."""


@router.post("/messages")
async def create_message(
    body: MessagesRequest, calls: CallsDep, remote_files: RemoteFilesDep
) -> Response:
    """Answer a conversation, whole or as a stream of Anthropic's events."""
    model, fields = await _asked(body, calls, remote_files)
    if not body.stream:
        reply = await calls.run(model, Operation.MESSAGE, fields)
        return Response(reply.body, media_type="application/json")
    last_words = partial(anthropics_event, request_id=calls.record.request_id)
    events = calls.stream(model, Operation.MESSAGE, fields, coalesce=True)
    return await event_stream(events, calls.record, last_words)


@router.post("/messages/count_tokens")
async def count_tokens(
    body: CountTokensRequest, calls: CallsDep, remote_files: RemoteFilesDep
) -> Response:
    """Count the tokens that the model would read."""
    model, fields = await _asked(body, calls, remote_files)
    reply = await calls.run(model, Operation.MESSAGE_TOKENS, fields)
    return Response(reply.body, media_type="application/json")


async def _asked(
    body: CountTokensRequest, calls: Calls, remote_files: RemoteFiles
) -> tuple[ServedModel, dict[str, Any]]:
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    reads_images = IMAGE_PART in model.card.input_parts
    fields = body.for_engine(reads_images=reads_images)  # refuses before anything is fetched
    given = [message.model_dump(include={"role", "content"}) for message in body.messages]
    fetched = await with_files(given, remote_files, "messages")
    if fetched is not given:
        said = [(message["role"], message["content"]) for message in fetched]
        fields["messages"] = read_messages(said, reads_images=reads_images)
    return model, fields
