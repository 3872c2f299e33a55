"""POST /v1/audio/transcriptions, /v1/audio/translations and /v1/vad."""

from array import array

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from serve_app.http.forms import read_form, require_file
from serve_app.http.json_body import JSONRequest
from serve_app.http.json_response import json_response
from serve_app.models.calls import Calls
from serve_app.routes.dependencies import CallsDep
from serve_app.transcriptions.transcripts import detect_speech, transcribe
from wire.errors import InvalidRequestError
from wire.openai.transcriptions import Task, TranscriptionRequest, VadRequest
from wire.validation_errors import from_validation_errors

FORM = "multipart/form-data"

router = APIRouter()


@router.post("/audio/transcriptions")
async def create_transcription(request: Request, calls: CallsDep) -> Response:
    """Write down what is said in a file."""
    return await _answer(request, calls, "transcribe")


@router.post("/audio/translations")
async def create_translation(request: Request, calls: CallsDep) -> Response:
    """Write down in English what is said in a file."""
    return await _answer(request, calls, "translate")


@router.post("/vad")
async def detect_voice(request: Request, calls: CallsDep) -> Response:
    """Tell where in samples or in a file speech begins and ends."""
    body, data = await _vad_request(request)
    return json_response(await detect_speech(body, data, calls))


async def _answer(request: Request, calls: Calls, task: Task) -> Response:
    body, uploads = await read_form(request, TranscriptionRequest, {"file": 1})
    return await transcribe(body, require_file(uploads, "file"), task, calls)


async def _vad_request(request: Request) -> tuple[VadRequest, bytes]:
    if request.headers.get("content-type", "").lower().startswith(FORM):
        form, uploads = await read_form(request, VadRequest, {"file": 1})
        return form, require_file(uploads, "file")
    sent = await JSONRequest(request.scope, request.receive).json()
    try:
        body = VadRequest.model_validate(sent)
    except ValidationError as error:
        raise from_validation_errors(error.errors(include_url=False), sent) from None
    if body.audio is None:
        raise InvalidRequestError("Missing required parameter: 'audio'.", "audio")
    return body, array("f", body.audio).tobytes()
