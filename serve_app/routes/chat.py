"""POST /v1/chat/completions."""

from fastapi import APIRouter, Response

from serve_app.dependencies import CallsDep
from serve_app.json_body import JSONRoute
from serve_app.protocol.chat import ChatCompletionRequest
from serve_app.routes.generation import answer

router = APIRouter(route_class=JSONRoute)


@router.post("/chat/completions")
async def create_chat_completion(body: ChatCompletionRequest, calls: CallsDep) -> Response:
    """Answer a conversation, whole or as a stream of chunks."""
    return await answer("chat_completion", body, calls)
