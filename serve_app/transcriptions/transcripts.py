"""Transcripts in OpenAI's and ElevenLabs' formats, and where a recording has speech."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import Response
from pydantic_core import from_json

from serve_app.http.streaming import event_stream
from serve_app.models.calls import Calls
from wire.bodies import TranscriptionBody
from wire.calls import Kind, Operation
from wire.elevenlabs.speech_to_text import (
    SpeechToText,
    SpeechToTextRequest,
    speech_to_text_answer,
)
from wire.openai.transcription_formats import (
    delta_event,
    done_event,
    segment_event,
    write_transcript,
)
from wire.openai.transcriptions import Task, TranscriptionRequest, VadRequest
from wire.sse import DONE, write_event


async def transcribe(
    body: TranscriptionRequest, recording: bytes, task: Task, calls: Calls
) -> Response:
    """Answer with the transcript in the requested format, or with its segments as events."""
    fields = body.to_body(task)
    model = await calls.resolve(Kind.TRANSCRIPTIONS, body.model, body.backend)
    if body.stream:
        pieces = calls.stream(model, Operation.TRANSCRIPTION, fields, files=(recording,))
        return await event_stream(_events(pieces, body), calls.record)
    reply = await calls.run(model, Operation.TRANSCRIPTION, fields, files=(recording,))
    content, media_type = write_transcript(
        from_json(reply.body), body.response_format, body.granularities
    )
    return Response(content, media_type=media_type)


async def transcribe_for_elevenlabs(
    body: SpeechToTextRequest, recording: bytes, calls: Calls
) -> SpeechToText:
    """Return the transcript in ElevenLabs' format."""
    fields: TranscriptionBody = body.to_body()
    model = await calls.resolve(Kind.TRANSCRIPTIONS, body.model_id, param="model_id")
    reply = await calls.run(model, Operation.TRANSCRIPTION, fields, files=(recording,))
    with_words = body.timestamps_granularity == "word"
    return speech_to_text_answer(from_json(reply.body), with_words)


async def detect_speech(body: VadRequest, recording: bytes, calls: Calls) -> bytes:
    """Return where speech begins and ends, as JSON."""
    fields = body.to_body()
    model = await calls.resolve(Kind.TRANSCRIPTIONS, body.model, body.backend)
    reply = await calls.run(model, Operation.VAD, fields, files=(recording,))
    return reply.body


async def _events(
    pieces: AsyncGenerator[bytes], body: TranscriptionRequest
) -> AsyncGenerator[bytes]:
    """Turn the engine's pieces, a segment each and at last the whole, into OpenAI's events."""
    text = ""
    async with aclosing(pieces):
        async for piece in pieces:
            fields: dict[str, Any] = from_json(piece)
            if "duration" in fields:
                yield write_event(done_event(text, fields, body.response_format))
                continue
            event = delta_event(fields, is_first=not text)
            text += event.delta
            yield write_event(event)
            if body.response_format == "verbose_json":
                yield write_event(segment_event(fields, body.granularities))
    yield DONE
