"""POST /v1/speech-to-text, ElevenLabs' path."""

from fastapi import APIRouter, Request, Response

from serve_app.http.forms import read_form, require_file
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CallsDep
from serve_app.transcriptions.transcripts import transcribe_for_elevenlabs
from wire.elevenlabs.speech_to_text import SpeechToTextRequest

router = APIRouter()


@router.post("/speech-to-text")
async def convert_speech(request: Request, calls: CallsDep) -> Response:
    """Write down what is said in a file."""
    body, uploads = await read_form(request, SpeechToTextRequest, {"file": 1})
    recording = require_file(uploads, "file")
    return json_response(await transcribe_for_elevenlabs(body, recording, calls))
