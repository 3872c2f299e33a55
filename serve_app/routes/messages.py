"""POST /v1/messages and /v1/messages/count_tokens: Anthropic's API, on the chat models."""

from fastapi import APIRouter, Response

from serve_app.chat.messages import answer_message, count_message_tokens
from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import CallsDep, RemoteFilesDep
from wire.anthropic.messages import CountTokensRequest, MessagesRequest

router = APIRouter(route_class=JSONRoute)


@router.post("/messages")
async def create_message(
    body: MessagesRequest, calls: CallsDep, remote_files: RemoteFilesDep
) -> Response:
    """Answer a conversation, whole or as a stream of Anthropic's events."""
    return await answer_message(body, calls, remote_files)


@router.post("/messages/count_tokens")
async def count_tokens(
    body: CountTokensRequest, calls: CallsDep, remote_files: RemoteFilesDep
) -> Response:
    """Count the tokens that the model would read."""
    return await count_message_tokens(body, calls, remote_files)
