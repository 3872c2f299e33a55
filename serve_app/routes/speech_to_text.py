"""POST /v1/speech-to-text, as ElevenLabs' SDK asks."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic_core import from_json

from serve_app.http.forms import read_form
from serve_app.routes.dependencies import CallsDep
from serve_app.routes.transcriptions import only_file
from wire.calls import Kind, Operation
from wire.elevenlabs.speech_to_text import SpeechToTextRequest, speech_to_text_answer

router = APIRouter()


@router.post("/speech-to-text")
async def convert_speech(request: Request, calls: CallsDep) -> JSONResponse:
    """Write down what is said in a file."""
    body, uploads = await read_form(request, SpeechToTextRequest, {"file": 1})
    order = body.to_body()
    data = only_file(uploads)
    model = await calls.resolve(Kind.TRANSCRIPTIONS, body.model_id, param="model_id")
    reply = await calls.run(model, Operation.TRANSCRIPTION, order, files=(data,))
    with_words = body.timestamps_granularity == "word"
    return JSONResponse(speech_to_text_answer(from_json(reply.body), with_words))
