"""POST /v1/speech-to-text, ElevenLabs' path."""

from fastapi import APIRouter, Request, Response

from serve_app.http.forms import read_form, require_file
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CallsDep
from serve_app.transcriptions.transcripts import transcribe_for_elevenlabs
from wire.elevenlabs.speech_to_text import SpeechToTextRequest
from wire.hints import OF_SPEECH_TO_TEXT_QUERY, find_hints

router = APIRouter()


@router.post("/speech-to-text")
async def convert_speech(
    request: Request, calls: CallsDep, *, enable_logging: bool | None = None
) -> Response:
    """Write down what is said in a file."""
    calls.record.ignore(find_hints({"enable_logging": enable_logging}, OF_SPEECH_TO_TEXT_QUERY))
    body, uploads = await read_form(request, SpeechToTextRequest, {"file": 1})
    recording = require_file(uploads, "file")
    return json_response(await transcribe_for_elevenlabs(body, recording, calls))
