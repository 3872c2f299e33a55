"""POST /v1/embeddings, and the path under which older SDKs request them."""

from fastapi import APIRouter, Response

from serve_app.embeddings.vectors import embed
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CallsDep
from wire.openai.embeddings import EmbeddingsRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/embeddings")
async def create_embeddings(body: EmbeddingsRequest, calls: CallsDep) -> Response:
    """Return a vector for each input."""
    return json_response(await embed(body, body.model, calls))


@router.post("/engines/{model:path}/embeddings")
async def create_engine_embeddings(
    model: str, body: EmbeddingsRequest, calls: CallsDep
) -> Response:
    """Return a vector for each input, by the model in the path."""
    return json_response(await embed(body, model, calls))
