"""Speech for ElevenLabs' clients: audio, and on request the time of each character."""

import asyncio
import base64
from contextlib import aclosing
from typing import Any

from fastapi import Response
from pydantic_core import from_json

from serve_app.http.json_response import json_response
from serve_app.http.streaming import Pieces, stream_response
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from serve_app.speech.listed_voices import find_listed_voice
from serve_app.speech.speakers import find_speaker
from wire.bodies import SpeechBody
from wire.calls import Kind, Operation
from wire.elevenlabs.text_to_speech import (
    Alignment,
    Output,
    SpeechWithTimestamps,
    TextToSpeechRequest,
)
from wire.errors import InvalidRequestError, echo
from wire.fields import refuse_foreign_fields
from wire.openai.speech import card_voice, media_type

LINES = "application/x-ndjson"

MOST_IN_ONE_OBJECT = 10_000
"""Characters at normal speed: ten minutes, whose audio and times the ingress joins in memory.
At a lower speed, ten minutes are fewer characters."""


async def stream_speech(
    voice_id: str,
    body: TextToSpeechRequest,
    output: Output,
    calls: Calls,
    registry: Registry,
    *,
    whole: bool = False,
) -> Response:
    """Answer with audio as the model produces it.

    ``whole`` is for a file that is stored: WAV then has its length, as far as memory allows.
    """
    is_wav = output.response_format == "wav"
    model, speech = await _resolve(voice_id, body, output, calls, registry, whole=whole and is_wav)
    audio = calls.stream(model, Operation.SPEECH, speech)
    return await stream_response(audio, calls.record, _media_type(output))


async def speech_with_times(
    voice_id: str, body: TextToSpeechRequest, output: Output, calls: Calls, registry: Registry
) -> Response:
    """Answer with the audio and the time of each character in one object."""
    most = int(MOST_IN_ONE_OBJECT * min(1.0, body.speed))
    if len(body.text) > most:
        raise InvalidRequestError(
            f"'text' has {len(body.text)} characters; one JSON object takes up to {most} at speed "
            f"{body.speed:g}. Use {voice_id[:50]}/stream/with-timestamps.",
            "text",
        )
    model, speech = await _resolve(voice_id, body, output, calls, registry, whole=True)
    lines = calls.stream(model, Operation.SPEECH_WITH_TIMESTAMPS, speech)
    # Tens of megabytes: in a thread.
    return await asyncio.to_thread(json_response, await _join(lines))


async def stream_speech_with_times(
    voice_id: str, body: TextToSpeechRequest, output: Output, calls: Calls, registry: Registry
) -> Response:
    """Answer with lines of JSON as the model produces the audio."""
    model, speech = await _resolve(voice_id, body, output, calls, registry)
    lines = calls.stream(model, Operation.SPEECH_WITH_TIMESTAMPS, speech)
    return await stream_response(lines, calls.record, LINES)


async def _resolve(
    voice_id: str,
    body: TextToSpeechRequest,
    output: Output,
    calls: Calls,
    registry: Registry,
    *,
    whole: bool = False,
) -> tuple[ServedModel, SpeechBody]:
    """Return the model and its body."""
    found = find_listed_voice(registry, voice_id)
    name = body.model or body.model_id or (found[0].id if found else None)
    param = "model" if body.model else "model_id"
    model = await calls.resolve(Kind.SPEECH, name, body.backend, param)
    refuse_foreign_fields(body)
    speaker = await find_speaker(
        model,
        voice_id,
        body.language_code,
        calls,
        voice_param="voice_id",
        language_param="language_code",
        may_fall_back=body.backend is None,
    )
    if body.voice and card_voice(speaker.model.card, body.voice) != speaker.voice:
        raise InvalidRequestError(
            f"'voice': {echo(body.voice)} is not the voice of the path, {echo(voice_id)}.", "voice"
        )
    return speaker.model, SpeechBody(
        input=body.text,
        voice=speaker.voice,
        speed=body.speed,
        language=speaker.language,
        seed=body.seed,
        whole=whole,
        **output.model_dump(),
    )


def _media_type(output: Output) -> str:
    return media_type(output.response_format, output.sample_rate)


async def _join(lines: Pieces) -> SpeechWithTimestamps:
    """Return the lines of a whole answer as one object."""
    audio: list[bytes] = []
    times: dict[str, list[Any]] = {}
    async with aclosing(lines):
        async for line in lines:
            part = from_json(line)
            audio.append(base64.b64decode(part["audio_base64"]))
            for name, values in (part["alignment"] or {}).items():
                times.setdefault(name, []).extend(values)
    return await asyncio.to_thread(_to_answer, audio, times)


def _to_answer(audio: list[bytes], times: dict[str, list[Any]]) -> SpeechWithTimestamps:
    alignment = Alignment.model_validate(times) if times else None
    return SpeechWithTimestamps(
        audio_base64=base64.b64encode(b"".join(audio)).decode(),
        alignment=alignment,
        normalized_alignment=alignment,
    )
