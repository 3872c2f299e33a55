"""Anthropic's messages, answered by the chat models."""

from functools import partial
from typing import Any

from fastapi import Response

from serve_app.http.error_answers import anthropic_error_event
from serve_app.http.json_response import json_response
from serve_app.http.streaming import event_stream
from serve_app.media.parts import with_files
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from wire.anthropic.message_blocks import read_messages
from wire.anthropic.messages import CountTokensRequest, MessagesRequest
from wire.bodies import MessageBody, MessageTokensBody
from wire.calls import Kind, Operation

IMAGE_PART = "image_url"
"""The card's name of the images that its model reads."""


async def answer_message(
    body: MessagesRequest, calls: Calls, remote_files: RemoteFiles
) -> Response:
    """Answer a conversation, whole or as a stream of Anthropic's events."""
    model, fields = await _prepare(body, calls, remote_files)
    message = MessageBody(**fields)
    if not body.stream:
        reply = await calls.run(model, Operation.MESSAGE, message)
        return json_response(reply.body)
    encode_error = partial(anthropic_error_event, request_id=calls.record.request_id)
    events = calls.stream(model, Operation.MESSAGE, message, coalesce=True)
    return await event_stream(events, calls.record, encode_error)


async def count_message_tokens(
    body: CountTokensRequest, calls: Calls, remote_files: RemoteFiles
) -> Response:
    """Count the tokens that the model would read."""
    model, fields = await _prepare(body, calls, remote_files)
    reply = await calls.run(model, Operation.MESSAGE_TOKENS, MessageTokensBody(**fields))
    return json_response(reply.body)


async def _prepare(
    body: CountTokensRequest, calls: Calls, remote_files: RemoteFiles
) -> tuple[ServedModel, dict[str, Any]]:
    """Return the model and the engine's fields, with the files that were named by URL."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    reads_images = IMAGE_PART in model.card.input_parts
    # Refuses before anything is fetched.
    fields = await calls.check(lambda: body.for_engine(reads_images=reads_images))
    if body.wants_thoughts and not model.card.thinks:
        calls.record.ignore(["thinking"])
        del fields["thinking"]
    sent = await calls.compute(
        lambda: [message.model_dump(include={"role", "content"}) for message in body.messages]
    )
    fetched = await with_files(sent, remote_files, "messages")
    if fetched is not sent:
        contents = [(message["role"], message["content"]) for message in fetched]
        fields["messages"] = await calls.compute(
            lambda: read_messages(contents, reads_images=reads_images)
        )
    return model, fields
