"""How a chat completion is answered aloud: ``modalities: ["text", "audio"]``."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import Response

from serve_app.http.json_response import json_response
from serve_app.http.streaming import event_stream
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.speech.speakers import find_speaker
from serve_app.spoken.speech_after_chat import Spoken, Voice, speak_answer
from serve_app.spoken.stored_answers import SpokenAnswers
from wire.bodies import ChatCompletionBody, EncodeSpeechBody
from wire.calls import Kind, Operation
from wire.errors import InvalidRequestError
from wire.openai.chat import AudioOptions, ChatCompletionRequest
from wire.openai.spoken_chat import SpokenMessage, SpokenStream
from wire.sse import DONE, write_event


async def resolve_voice(body: ChatCompletionRequest, calls: Calls) -> Voice:
    """Return the voice that a request wants to hear.

    Raises:
        ModelNotFoundError: there is no such speech model.
        InvalidRequestError: it has no such voice.
    """
    assert body.audio is not None
    speech = await calls.resolve(Kind.SPEECH, body.audio.model, param="audio.model")
    try:
        speaker = await find_speaker(speech, body.audio.voice, None, calls)
    except InvalidRequestError as error:
        raise error.with_param("audio.voice") from error
    return Voice(speaker.model, speaker.voice)


async def answer_aloud(
    body: ChatCompletionRequest,
    fields: ChatCompletionBody,
    chat: ServedModel,
    voice: Voice,
    calls: Calls,
    answers: SpokenAnswers,
) -> Response:
    """Answer by the chat model, in this voice; ``fields`` are those of its request."""
    assert body.audio is not None
    if body.stream:
        events = _events(fields, chat, voice, calls, answers)
        return await event_stream(events, calls.record)
    message = SpokenMessage(*answers.new_id())
    answer = await _complete(fields, chat, voice, body.audio, calls, message)
    await answers.keep(calls.record.owner, message.audio_id, message.transcript)
    return json_response(answer)


async def _events(
    fields: ChatCompletionBody,
    chat: ServedModel,
    voice: Voice,
    calls: Calls,
    answers: SpokenAnswers,
) -> AsyncGenerator[bytes]:
    stream = SpokenStream(*answers.new_id())
    async with aclosing(speak_answer(calls, chat, fields, voice)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Spoken):
                yield write_event(stream.add_audio(piece.pcm))
            elif (chunk := stream.add_chunk(piece.chunk)) is not None:
                yield write_event(chunk)
    await answers.keep(calls.record.owner, stream.id, stream.transcript)
    for chunk in stream.finish():
        yield write_event(chunk)
    yield DONE


async def _complete(
    fields: ChatCompletionBody,
    chat: ServedModel,
    voice: Voice,
    options: AudioOptions,
    calls: Calls,
    message: SpokenMessage,
) -> dict[str, Any]:
    pcm = bytearray()
    streamed = fields.copy()
    streamed["stream"], streamed["stream_options"] = True, {"include_usage": True}
    async with aclosing(speak_answer(calls, chat, streamed, voice)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Spoken):
                pcm += piece.pcm
            else:
                message.add_chunk(piece.chunk)
    return message.complete(await _encode(bytes(pcm), voice.model, options, calls))


async def _encode(pcm: bytes, speech: ServedModel, options: AudioOptions, calls: Calls) -> bytes:
    if not pcm or options.format == "pcm16":
        return pcm
    # It has been written and spoken: that its file is refused a place would be a pity.
    form = EncodeSpeechBody(response_format=options.format)
    reply = await calls.run(speech, Operation.ENCODE_SPEECH, form, files=(pcm,), slots=0)
    return reply.body
