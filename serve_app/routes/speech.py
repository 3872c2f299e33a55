"""POST /v1/audio/speech (OpenAI) and /tts (LocalAI)."""

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing

from fastapi import APIRouter, Response

from serve_app.http.json_body import JSONRoute
from serve_app.http.sse import event_stream
from serve_app.http.streaming import Pieces, stream_pieces
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.routes.dependencies import CallsDep
from wire.bodies import DEFAULT_SEED, SpeechBody
from wire.calls import Kind, Operation
from wire.fields import refuse_foreign_fields
from wire.openai.speech import SpeechRequest, card_language, card_voice, media_type
from wire.sse import write_event

router = APIRouter(route_class=JSONRoute)


@router.post("/audio/speech")
async def create_speech(body: SpeechRequest, calls: CallsDep) -> Response:
    """Speak a text; the audio leaves while it is made, as a file or in events."""
    model, order = await _order(body, calls, "mp3")
    audio = calls.stream(model, Operation.SPEECH, order)
    if body.stream_format == "sse":
        return await event_stream(_events(audio, calls), calls.record)
    kind_of_file = media_type(order.response_format, body.sample_rate)
    return await stream_pieces(audio, calls.record, kind_of_file)


@router.post("/tts")
async def create_speech_file(body: SpeechRequest, calls: CallsDep) -> Response:
    """Speak a text into a finished file, as LocalAI does: WAV unless asked otherwise."""
    model, order = await _order(body, calls, "wav", whole=True)
    audio = calls.stream(model, Operation.SPEECH, order)
    response_format = order.response_format
    is_wav = response_format == "wav"
    kind_of_file = "audio/x-wav" if is_wav else media_type(response_format, body.sample_rate)
    return await stream_pieces(
        audio,
        calls.record,
        kind_of_file,
        {"Content-Disposition": f'attachment; filename="speech.{response_format}"'},
    )


async def _order(
    body: SpeechRequest, calls: Calls, default_format: str, *, whole: bool = False
) -> tuple[ServedModel, SpeechBody]:
    """Return the model and its body."""
    model = await calls.resolve(Kind.SPEECH, body.model, body.backend)
    refuse_foreign_fields(body)
    return model, SpeechBody(
        input=body.input,
        voice=card_voice(model.card, body.voice),
        response_format=body.response_format or default_format,
        speed=body.speed,
        sample_rate=body.sample_rate,
        language=card_language(model.card, body.language),
        seed=body.seed or DEFAULT_SEED,
        whole=whole,
    )


async def _events(audio: Pieces, calls: Calls) -> AsyncGenerator[bytes]:
    """Yield the audio in OpenAI's events."""
    async with aclosing(audio):
        async for piece in audio:
            delta = {"type": "speech.audio.delta", "audio": base64.b64encode(piece).decode()}
            yield write_event(delta)
    yield write_event({"type": "speech.audio.done", "usage": spoken(calls)})


def spoken(calls: Calls) -> dict[str, float]:
    """Return OpenAI's usage. Engines of speech count characters and seconds, not tokens."""
    total = calls.record.total_work
    return {
        "input_tokens": total.prompt_tokens,
        "output_tokens": total.completion_tokens,
        "total_tokens": total.prompt_tokens + total.completion_tokens,
        "characters": total.characters,
        "audio_seconds": total.audio_seconds,
    }
