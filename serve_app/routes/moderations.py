"""POST /v1/moderations: harmful texts are flagged, by the model that the configuration names."""

from fastapi import APIRouter, Response

from serve_app.chat.moderation import judge_texts
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CallsDep, ModerationDep
from wire.openai.moderations import ModerationRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/moderations")
async def create_moderation(
    body: ModerationRequest, calls: CallsDep, moderation: ModerationDep
) -> Response:
    """Judge each text."""
    return json_response(await judge_texts(body, moderation, calls))
