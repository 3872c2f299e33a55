"""POST /v1/edits: a text is changed as an instruction says."""

from fastapi import APIRouter, Response
from pydantic_core import from_json, to_json

from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep
from wire.calls import Kind, Operation
from wire.fields import engine_fields
from wire.openai.edits import EditRequest, as_edit

router = APIRouter(route_class=JSONRoute)


@router.post("/edits")
async def create_edit(body: EditRequest, calls: CallsDep) -> Response:
    """Return the text as a chat model changes it."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    fields = engine_fields(body.as_chat())
    reply = await calls.run(model, Operation.CHAT_COMPLETION, fields, slots=body.num_answers())
    return Response(to_json(as_edit(from_json(reply.body))), media_type="application/json")
