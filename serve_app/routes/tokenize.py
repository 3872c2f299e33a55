"""POST /v1/tokenize and /v1/detokenize."""

from fastapi import APIRouter, Response
from pydantic_core import from_json, to_json

from serve_app.chat.generation import ask
from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep
from wire.calls import Operation
from wire.localai.tokenize import DetokenizeRequest, TokenizeRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/tokenize")
async def tokenize(body: TokenizeRequest, calls: CallsDep) -> Response:
    """Return the token ids of a text or of a conversation under the model's chat template."""
    body = body.with_prompt()
    answer = await ask(Operation.TOKENIZE, body, calls)
    return Response(answer, media_type="application/json")


@router.post("/detokenize")
async def detokenize(body: DetokenizeRequest, calls: CallsDep) -> Response:
    """Return the text of token ids, under vLLM's name (``prompt``) and LocalAI's (``content``)."""
    answer = from_json(await ask(Operation.DETOKENIZE, body, calls))
    return Response(to_json({**answer, "content": answer["prompt"]}), media_type="application/json")
