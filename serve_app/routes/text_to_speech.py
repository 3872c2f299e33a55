"""POST /v1/text-to-speech/{voice_id} and its variants: ElevenLabs' API, and LocalAI's body."""

import asyncio
import base64
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic_core import from_json, to_json

from serve_app.http.json_body import JSONRoute
from serve_app.http.streaming import Pieces, stream_pieces
from serve_app.models.calls import Calls
from serve_app.models.discovery import ServedModel
from serve_app.models.registry import Registry
from serve_app.routes.dependencies import CallsDep, RegistryDep
from wire.bodies import DEFAULT_SEED, SpeechBody
from wire.calls import Kind, Operation
from wire.elevenlabs.text_to_speech import Output, TextToSpeechRequest, output
from wire.errors import InvalidRequestError, echo
from wire.fields import refuse_foreign_fields
from wire.openai.speech import card_language, card_voice, find_voice, media_type

router = APIRouter(route_class=JSONRoute)

LINES = "application/x-ndjson"

MOST_IN_ONE_OBJECT = 10_000
"""Characters at normal speed: ten minutes, whose audio and times the ingress puts together in
memory. Spoken slower, as many minutes are fewer characters."""


async def _output(
    output_format: str | None = None,
    optimize_streaming_latency: Annotated[int | None, Query(ge=0, le=4)] = None,
    *,
    enable_logging: bool | None = None,
) -> Output:
    """Read the query. Audio always leaves as early as it can, and no text is ever logged."""
    del optimize_streaming_latency, enable_logging
    return output(output_format)


OutputDep = Annotated[Output, Depends(_output)]


@router.post("/text-to-speech/{voice_id}")
async def convert(
    voice_id: str, body: TextToSpeechRequest, wanted: OutputDep, calls: CallsDep, all_: RegistryDep
) -> Response:
    """Speak a text."""
    # A WAV file that is fetched, not listened to, should know its length.
    is_wav = wanted.response_format == "wav"
    model, order = await _order(voice_id, body, wanted, calls, all_, whole=is_wav)
    audio = calls.stream(model, Operation.SPEECH, order)
    return await stream_pieces(audio, calls.record, _media_type(wanted))


@router.post("/text-to-speech/{voice_id}/stream")
async def stream(
    voice_id: str, body: TextToSpeechRequest, wanted: OutputDep, calls: CallsDep, all_: RegistryDep
) -> Response:
    """Speak a text; the audio leaves while it is made."""
    model, order = await _order(voice_id, body, wanted, calls, all_)
    audio = calls.stream(model, Operation.SPEECH, order)
    return await stream_pieces(audio, calls.record, _media_type(wanted))


@router.post("/text-to-speech/{voice_id}/with-timestamps")
async def convert_with_timestamps(
    voice_id: str, body: TextToSpeechRequest, wanted: OutputDep, calls: CallsDep, all_: RegistryDep
) -> Response:
    """Speak a text and tell when each character is spoken."""
    most = int(MOST_IN_ONE_OBJECT * min(1.0, body.speed))
    if len(body.text) > most:
        raise InvalidRequestError(
            f"'text' has {len(body.text)} characters; one JSON object takes up to {most} at speed "
            f"{body.speed:g}. Use {voice_id[:50]}/stream/with-timestamps.",
            "text",
        )
    model, order = await _order(voice_id, body, wanted, calls, all_, whole=True)
    lines = calls.stream(model, Operation.SPEECH_WITH_TIMESTAMPS, order)
    return Response(await _joined(lines), media_type="application/json")


@router.post("/text-to-speech/{voice_id}/stream/with-timestamps")
async def stream_with_timestamps(
    voice_id: str, body: TextToSpeechRequest, wanted: OutputDep, calls: CallsDep, all_: RegistryDep
) -> Response:
    """Do the same in lines of JSON, which leave while the audio is made."""
    model, order = await _order(voice_id, body, wanted, calls, all_)
    lines = calls.stream(model, Operation.SPEECH_WITH_TIMESTAMPS, order)
    return await stream_pieces(lines, calls.record, LINES)


async def _order(
    voice_id: str,
    body: TextToSpeechRequest,
    wanted: Output,
    calls: Calls,
    registry: Registry,
    *,
    whole: bool = False,
) -> tuple[ServedModel, SpeechBody]:
    """Return the model and its body."""
    name = body.model or _model_with(voice_id, registry)
    model = await calls.resolve(Kind.SPEECH, name, body.backend)
    refuse_foreign_fields(body)
    voice = card_voice(model.card, voice_id)
    if body.voice and card_voice(model.card, body.voice) != voice:
        raise InvalidRequestError(
            f"'voice': {echo(body.voice)} is not the voice of the path, {echo(voice_id)}.", "voice"
        )
    return model, SpeechBody(
        input=body.text,
        voice=voice,
        speed=body.speed,
        language=card_language(model.card, body.language_code, "language_code"),
        seed=body.seed or DEFAULT_SEED,
        whole=whole,
        **wanted.model_dump(),
    )


def _model_with(voice_id: str, registry: Registry) -> str | None:
    """Return the first model that has the voice: ElevenLabs' clients need not name a model."""
    for model in registry.models:
        if model.card.kind == Kind.SPEECH and find_voice(model.card, voice_id):
            return model.card.id
    return None


def _media_type(wanted: Output) -> str:
    return media_type(wanted.response_format, wanted.sample_rate)


async def _joined(lines: Pieces) -> bytes:
    """Return the lines of a whole answer as one object."""
    audio: list[bytes] = []
    times: dict[str, list[Any]] = {}
    async with aclosing(lines):
        async for line in lines:
            part = from_json(line)
            audio.append(base64.b64decode(part["audio_base64"]))
            for name, values in (part["alignment"] or {}).items():
                times.setdefault(name, []).extend(values)
    return await asyncio.to_thread(_as_object, audio, times or None)  # tens of megabytes


def _as_object(audio: list[bytes], times: dict[str, list[Any]] | None) -> bytes:
    encoded = base64.b64encode(b"".join(audio)).decode()
    return to_json({"audio_base64": encoded, "alignment": times, "normalized_alignment": times})
