"""POST /v1/audio/speech (OpenAI) and /tts (LocalAI)."""

from fastapi import APIRouter, Response

from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep
from serve_app.speech.openai import speak, speak_into_file
from wire.openai.speech import SpeechRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/audio/speech")
async def create_speech(body: SpeechRequest, calls: CallsDep) -> Response:
    """Speak a text; the audio leaves while it is made, as a file or in events."""
    return await speak(body, calls)


@router.post("/tts")
async def create_speech_file(body: SpeechRequest, calls: CallsDep) -> Response:
    """Speak a text into a finished file, as LocalAI does: WAV unless asked otherwise."""
    return await speak_into_file(body, calls)
