"""POST /v1/edits: a text is changed as an instruction says."""

from fastapi import APIRouter, Response

from serve_app.chat.generation import edit_text
from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep
from wire.openai.edits import EditRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/edits")
async def create_edit(body: EditRequest, calls: CallsDep) -> Response:
    """Return the text as a chat model changes it."""
    return await edit_text(body, calls)
