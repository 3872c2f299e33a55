"""POST /v1/audio/transcriptions, /v1/audio/translations and /v1/vad."""

from array import array
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from pydantic_core import from_json

from serve_app.http.forms import Upload, read_form
from serve_app.http.json_body import JSONRequest
from serve_app.http.sse import event_stream
from serve_app.models.calls import Calls
from serve_app.routes.dependencies import CallsDep
from wire.calls import Kind, Operation
from wire.errors import InvalidRequestError, from_validation_errors
from wire.openai.transcription_formats import delta_event, done_event, written
from wire.openai.transcriptions import Task, TranscriptionRequest, VadRequest
from wire.sse import DONE, write_event

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
    order = body.to_body()
    model = await calls.resolve(Kind.TRANSCRIPTIONS, body.model, body.backend)
    reply = await calls.run(model, Operation.VAD, order, files=(data,))
    return Response(reply.body, media_type="application/json")


async def _answer(request: Request, calls: Calls, task: Task) -> Response:
    body, uploads = await read_form(request, TranscriptionRequest, {"file": 1})
    order = body.to_body(task)
    data = only_file(uploads)
    model = await calls.resolve(Kind.TRANSCRIPTIONS, body.model, body.backend)
    if body.stream:
        pieces = calls.stream(model, Operation.TRANSCRIPTION, order, files=(data,))
        return await event_stream(_events(pieces), calls.record)
    reply = await calls.run(model, Operation.TRANSCRIPTION, order, files=(data,))
    content, media_type = written(from_json(reply.body), body.response_format, body.granularities)
    return Response(content, media_type=media_type)


def only_file(uploads: dict[str, list[Upload]]) -> bytes:
    """Return the file of a form that has one."""
    if not uploads["file"]:
        raise InvalidRequestError("Missing required parameter: 'file'.", "file")
    return uploads["file"][0].data


async def _events(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Turn the engine's pieces, a segment each and at last the whole, into OpenAI's events."""
    text = ""
    async with aclosing(pieces):
        async for piece in pieces:
            said: dict[str, Any] = from_json(piece)
            if "duration" in said:
                yield write_event(done_event(text, said))
                continue
            delta = delta_event(said, is_first=not text)
            text += delta["delta"]
            yield write_event(delta)
    yield DONE


async def _vad_request(request: Request) -> tuple[VadRequest, bytes]:
    if request.headers.get("content-type", "").lower().startswith(FORM):
        form, uploads = await read_form(request, VadRequest, {"file": 1})
        return form, only_file(uploads)
    try:
        body = VadRequest.model_validate(await JSONRequest(request.scope, request.receive).json())
    except ValidationError as error:
        raise from_validation_errors(error.errors(include_url=False)) from None
    if body.audio is None:
        raise InvalidRequestError("Missing required parameter: 'audio'.", "audio")
    return body, array("f", body.audio).tobytes()
