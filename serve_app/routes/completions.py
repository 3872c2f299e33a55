"""POST /v1/completions, and the path under which older SDKs ask for them."""

from fastapi import APIRouter, Response

from serve_app.chat.generation import complete_text
from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep
from wire.openai.completions import CompletionRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/completions")
async def create_completion(body: CompletionRequest, calls: CallsDep) -> Response:
    """Continue one or more prompts, whole or as a stream of chunks."""
    return await complete_text(body, calls)


@router.post("/engines/{model:path}/completions")
async def create_engine_completion(
    model: str, body: CompletionRequest, calls: CallsDep
) -> Response:
    """Do the same by the model that the path names."""
    body.model = model
    return await complete_text(body, calls)
