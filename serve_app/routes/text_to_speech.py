"""POST /v1/text-to-speech/{voice_id} and its variants: ElevenLabs' API, and LocalAI's body."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep, RegistryDep
from serve_app.speech.elevenlabs import (
    speech_with_times,
    stream_speech,
    stream_speech_with_times,
)
from wire.elevenlabs.text_to_speech import Output, TextToSpeechRequest, output
from wire.hints import OF_TEXT_TO_SPEECH_QUERY, find_hints

router = APIRouter(route_class=JSONRoute)


async def _output(
    calls: CallsDep,
    output_format: str | None = None,
    optimize_streaming_latency: Annotated[int | None, Query(ge=0, le=4)] = None,
    *,
    enable_logging: bool | None = None,
) -> Output:
    """Read the query."""
    hints = {
        "optimize_streaming_latency": optimize_streaming_latency,
        "enable_logging": enable_logging,
    }
    calls.record.ignore(find_hints(hints, OF_TEXT_TO_SPEECH_QUERY))
    return output(output_format)


OutputDep = Annotated[Output, Depends(_output)]


@router.post("/text-to-speech/{voice_id}")
async def convert(
    voice_id: str, body: TextToSpeechRequest, wanted: OutputDep, calls: CallsDep, all_: RegistryDep
) -> Response:
    """Speak a text."""
    return await stream_speech(voice_id, body, wanted, calls, all_, whole=True)


@router.post("/text-to-speech/{voice_id}/stream")
async def stream(
    voice_id: str, body: TextToSpeechRequest, wanted: OutputDep, calls: CallsDep, all_: RegistryDep
) -> Response:
    """Speak a text; the audio leaves while it is made."""
    return await stream_speech(voice_id, body, wanted, calls, all_)


@router.post("/text-to-speech/{voice_id}/with-timestamps")
async def convert_with_timestamps(
    voice_id: str, body: TextToSpeechRequest, wanted: OutputDep, calls: CallsDep, all_: RegistryDep
) -> Response:
    """Speak a text and tell when each character is spoken."""
    return await speech_with_times(voice_id, body, wanted, calls, all_)


@router.post("/text-to-speech/{voice_id}/stream/with-timestamps")
async def stream_with_timestamps(
    voice_id: str, body: TextToSpeechRequest, wanted: OutputDep, calls: CallsDep, all_: RegistryDep
) -> Response:
    """Do the same in lines of JSON, which leave while the audio is made."""
    return await stream_speech_with_times(voice_id, body, wanted, calls, all_)
