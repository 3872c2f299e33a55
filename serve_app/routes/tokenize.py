"""POST /v1/tokenize and /v1/detokenize."""

from fastapi import APIRouter, Response

from serve_app.chat import generation
from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import CallsDep
from wire.localai.tokenize import DetokenizeRequest, TokenizeRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/tokenize")
async def tokenize(body: TokenizeRequest, calls: CallsDep) -> Response:
    """Return the token ids of a text or of a conversation under the model's chat template."""
    return json_response(await generation.tokenize(body, calls))


@router.post("/detokenize")
async def detokenize(body: DetokenizeRequest, calls: CallsDep) -> Response:
    """Return the text of token ids, under vLLM's name (``prompt``) and LocalAI's (``content``)."""
    return json_response(await generation.detokenize(body, calls))
