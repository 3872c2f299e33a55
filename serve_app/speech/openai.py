"""Speech for OpenAI's and LocalAI's clients."""

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import Response

from serve_app.http.streaming import Pieces, event_stream, stream_response
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.speech.speakers import find_speaker
from wire.bodies import SpeechBody
from wire.calls import Kind, Operation
from wire.fields import refuse_foreign_fields
from wire.openai.speech import (
    SpeechAudioDeltaEvent,
    SpeechAudioDoneEvent,
    SpeechRequest,
    SpeechUsage,
    media_type,
)
from wire.sse import write_event


async def speak(body: SpeechRequest, calls: Calls) -> Response:
    """Answer with audio while it is made, as a file or in events."""
    model, speech = await _resolve(body, calls, "mp3")
    audio = calls.stream(model, Operation.SPEECH, speech)
    if body.stream_format == "sse":
        return await event_stream(_events(audio, calls), calls.record)
    file_type = media_type(speech.response_format, body.sample_rate)
    return await stream_response(audio, calls.record, file_type)


async def speak_into_file(body: SpeechRequest, calls: Calls) -> Response:
    """Answer with a finished file, as LocalAI does: WAV unless another format is requested."""
    model, speech = await _resolve(body, calls, "wav", whole=True)
    audio = calls.stream(model, Operation.SPEECH, speech)
    extension = speech.response_format
    is_wav = extension == "wav"
    file_type = "audio/x-wav" if is_wav else media_type(extension, body.sample_rate)
    disposition = {"Content-Disposition": f'attachment; filename="speech.{extension}"'}
    return await stream_response(audio, calls.record, file_type, disposition)


async def _resolve(
    body: SpeechRequest, calls: Calls, default_format: str, *, whole: bool = False
) -> tuple[ServedModel, SpeechBody]:
    """Return the model and its body."""
    model = await calls.resolve(Kind.SPEECH, body.model, body.backend)
    refuse_foreign_fields(body)
    speaker = await find_speaker(
        model, body.voice, body.language, calls, may_fall_back=body.backend is None
    )
    return speaker.model, SpeechBody(
        input=body.input,
        voice=speaker.voice,
        response_format=body.response_format or default_format,
        speed=body.speed,
        sample_rate=body.sample_rate,
        language=speaker.language,
        seed=body.seed,
        whole=whole,
    )


async def _events(audio: Pieces, calls: Calls) -> AsyncGenerator[bytes]:
    """Yield the audio in OpenAI's events."""
    async with aclosing(audio):
        async for piece in audio:
            yield write_event(SpeechAudioDeltaEvent(audio=base64.b64encode(piece).decode()))
    yield write_event(SpeechAudioDoneEvent(usage=_count_usage(calls)))


def _count_usage(calls: Calls) -> SpeechUsage:
    """Return OpenAI's usage. Engines of speech count characters and seconds, not tokens."""
    total = calls.record.total_work
    return SpeechUsage(
        input_tokens=total.prompt_tokens,
        output_tokens=total.completion_tokens,
        total_tokens=total.prompt_tokens + total.completion_tokens,
        characters=total.characters,
        audio_seconds=total.audio_seconds,
    )
