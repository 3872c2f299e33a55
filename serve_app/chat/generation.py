"""How language models answer: resolve the model, convert the request, call, convert the answer."""

from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from fastapi import Response
from pydantic import BaseModel
from pydantic_core import from_json, to_json

from serve_app.http.json_response import json_response
from serve_app.http.streaming import Pieces, event_stream
from serve_app.media.parts import check_parts, with_files
from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.spoken.speech_before_chat import recall_spoken_answers, transcribe_recordings
from serve_app.spoken.spoken_chat import answer_aloud, resolve_voice
from serve_app.spoken.stored_answers import SpokenAnswers
from wire.bodies import ChatCompletionBody, CompletionBody, DetokenizeBody, TokenizeBody
from wire.calls import Kind, Operation
from wire.constraints import name_as_sent
from wire.errors import InvalidRequestError
from wire.fields import engine_fields
from wire.json_schema.checks import check_tools
from wire.localai.tokenize import DetokenizeRequest, DetokenizeResponse, TokenizeRequest
from wire.openai.chat import ChatCompletionRequest, Sampling
from wire.openai.completions import CompletionRequest
from wire.openai.edits import EditRequest, as_edit
from wire.openai.functions import (
    as_function_call,
    as_function_call_chunk,
    as_tools,
    with_tool_messages,
)
from wire.openai.tool_choice import prepare_tools

Translate = Callable[[bytes], bytes]


async def complete_chat(
    body: ChatCompletionRequest,
    calls: Calls,
    spoken_answers: SpokenAnswers,
    remote_files: RemoteFiles,
) -> Response:
    """Answer a conversation, whole or as a stream of chunks, in writing or aloud."""
    chat = await calls.resolve(Kind.CHAT, body.model, body.backend)
    voice = await resolve_voice(body, calls) if body.is_spoken else None
    fields = await calls.check(lambda: _chat_fields(body))  # refuses before any model works
    if any(message.audio or isinstance(message.content, list) for message in body.messages):
        messages = await recall_spoken_answers(body.messages, spoken_answers, calls.record.owner)
        messages = await transcribe_recordings(messages, chat, calls)
        if messages is not body.messages:
            fields["messages"] = [
                message.model_dump(exclude_unset=True, exclude_none=True) for message in messages
            ]
    await calls.compute(lambda: check_parts(fields["messages"], chat.card))
    fetched = await with_files(fields["messages"], remote_files, "messages")
    fields["messages"] = await calls.compute(lambda: with_tool_messages(fetched))
    chat_body = ChatCompletionBody(**fields)
    if voice is not None:
        return await answer_aloud(body, chat_body, chat, voice, calls, spoken_answers)
    translate = (as_function_call, as_function_call_chunk) if body.functions else (None, None)
    return await _send(Operation.CHAT_COMPLETION, chat, body, chat_body, calls, *translate)


async def complete_text(body: CompletionRequest, calls: Calls) -> Response:
    """Continue one or more prompts, whole or as a stream of chunks."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    fields = await calls.check(lambda: engine_fields(_dump(body)))
    return await _send(Operation.COMPLETION, model, body, CompletionBody(**fields), calls)


async def edit_text(body: EditRequest, calls: Calls) -> Response:
    """Return a text as a chat model changes it."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    fields = await calls.check(lambda: engine_fields(body.as_chat()))
    chat_body = ChatCompletionBody(**fields)
    return await _send(Operation.CHAT_COMPLETION, model, body, chat_body, calls, _edit_of)


async def tokenize(body: TokenizeRequest, calls: Calls) -> bytes:
    """Return the token ids of a text, or of a conversation under the model's chat template."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    fields = await calls.check(lambda: engine_fields(_dump(body.with_prompt())))
    reply = await calls.run(model, Operation.TOKENIZE, TokenizeBody(**fields))
    return reply.body


async def detokenize(body: DetokenizeRequest, calls: Calls) -> DetokenizeResponse:
    """Return the text of token ids, under vLLM's name (``prompt``) and LocalAI's (``content``)."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    fields = await calls.check(lambda: engine_fields(body.model_dump(exclude_unset=True)))
    reply = await calls.run(model, Operation.DETOKENIZE, DetokenizeBody(**fields))
    text = from_json(reply.body)["prompt"]
    return DetokenizeResponse(prompt=text, content=text)


async def _send(
    operation: Operation,
    model: ServedModel,
    body: Sampling,
    fields: ChatCompletionBody | CompletionBody,
    calls: Calls,
    translate: Translate | None = None,
    translate_event: Translate | None = None,
) -> Response:
    """Answer whole or as a stream, as ``body`` says.

    ``translate`` converts a whole answer to the client's format, and ``translate_event`` each event
    of a stream.
    """
    try:
        return await _call(operation, model, body, fields, calls, translate, translate_event)
    except InvalidRequestError as error:
        raise name_as_sent(error, body.model_dump(exclude_unset=True)) from error


async def _call(
    operation: Operation,
    model: ServedModel,
    body: Sampling,
    fields: ChatCompletionBody | CompletionBody,
    calls: Calls,
    translate: Translate | None,
    translate_event: Translate | None,
) -> Response:
    slots = body.num_answers()
    if body.stream:
        as_made = translate_event is None
        pieces = calls.stream(model, operation, fields, slots=slots, coalesce=as_made)
        if translate_event is not None:
            pieces = _translate_pieces(pieces, translate_event)
        return await event_stream(pieces, calls.record)
    reply = await calls.run(model, operation, fields, slots=slots)
    answer = translate(reply.body) if translate is not None else reply.body
    return json_response(answer)


def _dump(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(exclude_unset=True, exclude_none=True)


def _chat_fields(body: ChatCompletionRequest) -> dict[str, Any]:
    """Return the fields for the chat model, which writes also what is spoken."""
    spoken_only = {"modalities", "audio"} if body.is_spoken else None
    sent = body.model_dump(exclude_unset=True, exclude_none=True, exclude=spoken_only)
    fields = engine_fields(prepare_tools(as_tools(sent)))
    stated = "functions" if body.functions else "tools"
    check_tools(fields.get("tools") or (), sent.get(stated) or (), stated)
    return fields


async def _translate_pieces(pieces: Pieces, translate: Translate) -> Pieces:
    async with aclosing(pieces):
        async for piece in pieces:
            yield translate(piece)


def _edit_of(answer: bytes) -> bytes:
    return to_json(as_edit(from_json(answer)))
