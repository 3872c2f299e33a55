"""POST /v1/chat/completions."""

from fastapi import APIRouter, Response

from serve_app.chat.generation import complete_chat
from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep, RemoteFilesDep, SpokenAnswersDep
from wire.openai.chat import ChatCompletionRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/chat/completions")
async def create_chat_completion(
    body: ChatCompletionRequest,
    calls: CallsDep,
    answers: SpokenAnswersDep,
    remote_files: RemoteFilesDep,
) -> Response:
    """Answer a conversation, whole or as a stream of chunks, in writing or aloud."""
    return await complete_chat(body, calls, answers, remote_files)
