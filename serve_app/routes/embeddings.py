"""POST /v1/embeddings, and the path under which older SDKs ask for them."""

from fastapi import APIRouter, Response

from serve_app.http.json_body import JSONRoute
from serve_app.models.calls import Calls
from serve_app.routes.dependencies import CallsDep
from wire.bodies import EmbeddingsBody
from wire.calls import Kind, Operation
from wire.fields import own_fields
from wire.openai.embeddings import EmbeddingsRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/embeddings")
async def create_embeddings(body: EmbeddingsRequest, calls: CallsDep) -> Response:
    """Return a vector for each input."""
    return await _answer(body, body.model, calls)


@router.post("/engines/{model:path}/embeddings")
async def create_engine_embeddings(
    model: str, body: EmbeddingsRequest, calls: CallsDep
) -> Response:
    """Do the same by the model that the path names."""
    return await _answer(body, model, calls)


async def _answer(body: EmbeddingsRequest, name: str | None, calls: Calls) -> Response:
    model = await calls.resolve(Kind.EMBEDDINGS, name, body.backend)
    fields = EmbeddingsBody(**own_fields(body))
    reply = await calls.run(model, Operation.EMBEDDINGS, fields)
    return Response(reply.body, media_type="application/json")
