"""POST /v1/moderations: what is wrong with a text, by the model that the configuration names."""

from fastapi import APIRouter, Response

from serve_app.chat.moderation import scores
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CallsDep, ModerationDep
from wire.calls import Kind
from wire.errors import ModelNotFoundError
from wire.fields import refuse_foreign_fields
from wire.ids import new_id
from wire.openai.moderations import (
    OPENAIS_MODELS,
    ModerationCreateResponse,
    ModerationRequest,
    to_result,
)

router = APIRouter(route_class=JSONRoute)


@router.post("/moderations")
async def create_moderation(
    body: ModerationRequest, calls: CallsDep, moderation: ModerationDep
) -> Response:
    """Judge each text."""
    refuse_foreign_fields(body)
    texts = body.texts()
    if moderation.model is None:
        raise ModelNotFoundError(
            "No model judges texts here: 'moderation.model' is not set in the ingress's "
            "configuration.",
            "model",
        )
    model = await calls.resolve(Kind.CHAT, moderation.model, body.backend)
    if body.model and not body.model.startswith(OPENAIS_MODELS):
        named = await calls.resolve(Kind.CHAT, body.model)
        if named.card.id != model.card.id:
            raise ModelNotFoundError(
                f"Model '{body.model}' does not judge texts here; '{model.card.id}' does.", "model"
            )
    results = [to_result(each, moderation.threshold) for each in await scores(texts, model, calls)]
    answer = ModerationCreateResponse(id=new_id("modr", "-"), model=model.card.id, results=results)
    return json_response(answer)
