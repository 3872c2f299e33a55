"""POST /v1/chat/completions."""

from fastapi import APIRouter, Response

from serve_app.chat.generation import send
from serve_app.http.json_body import JSONRoute
from serve_app.media.parts import check_parts, with_files
from serve_app.routes.dependencies import CallsDep, RemoteFilesDep, SpokenAnswersDep
from serve_app.spoken.speech_before_chat import recall_spoken_answers, transcribe_recordings
from serve_app.spoken.spoken_chat import answer_aloud, chosen_voice, written_fields
from wire.calls import Kind, Operation
from wire.openai.chat import ChatCompletionRequest
from wire.openai.functions import (
    as_function_call,
    as_function_call_chunk,
    with_tool_messages,
)

router = APIRouter(route_class=JSONRoute)


@router.post("/chat/completions")
async def create_chat_completion(
    body: ChatCompletionRequest,
    calls: CallsDep,
    answers: SpokenAnswersDep,
    remote_files: RemoteFilesDep,
) -> Response:
    """Answer a conversation, whole or as a stream of chunks, in writing or aloud."""
    chat = await calls.resolve(Kind.CHAT, body.model, body.backend)
    voice = await chosen_voice(body, calls) if body.is_spoken else None
    fields = written_fields(body)  # refuses before any model works
    messages = await transcribe_recordings(
        await recall_spoken_answers(body.messages, answers), chat, calls
    )
    if messages is not body.messages:
        fields["messages"] = [message.model_dump(exclude_unset=True) for message in messages]
    check_parts(fields["messages"], chat.card)
    fields["messages"] = with_tool_messages(
        await with_files(fields["messages"], remote_files, "messages")
    )
    if voice is not None:
        return await answer_aloud(body, fields, chat, voice, calls, answers)
    if body.functions:
        return await send(
            Operation.CHAT_COMPLETION,
            chat,
            body,
            fields,
            calls,
            as_function_call,
            as_function_call_chunk,
        )
    return await send(Operation.CHAT_COMPLETION, chat, body, fields, calls)
