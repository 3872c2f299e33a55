"""Compacts a conversation: a model summarizes it, and the user's messages are kept."""

from time import time

from pydantic_core import from_json

from serve_app.media.remote_files import RemoteFiles
from serve_app.models.calls import Calls
from serve_app.responses.turn import History, prepare_turn
from wire.calls import Kind, Operation
from wire.errors import ModelCallError
from wire.ids import new_id
from wire.openai.compaction import CompactedResponse, CompactRequest
from wire.openai.conversations import ConversationItem
from wire.openai.items import Item, as_engine_items, new_items
from wire.openai.responses import ResponseRequest
from wire.openai.summaries import encode_summary

INSTRUCTION = (
    "Summarize this conversation for yourself, so that you can go on with it from your summary "
    "alone: the user's goals, facts, decisions, results of tools, and what is still to be done."
)


async def compact(
    body: CompactRequest, calls: Calls, history: History, remote_files: RemoteFiles
) -> CompactedResponse:
    """Return the user's messages and a summary of the conversation."""
    model = await calls.resolve(Kind.CHAT, body.model, body.backend)
    asked = ResponseRequest(
        input=body.input,
        instructions=body.instructions,
        previous_response_id=body.previous_response_id,
        truncation="auto",
    )
    turn = await prepare_turn(asked, model, calls, history, remote_files)
    instruction = as_engine_items(new_items(INSTRUCTION))
    request = {**turn.request, "input": [*turn.request["input"], *instruction]}
    reply = await calls.run(model, Operation.RESPONSE, request)
    answer = from_json(reply.body)
    summary = "".join(
        part["text"]
        for item in answer["output"]
        if item["type"] == "message"
        for part in item["content"]
    )
    if not summary:
        raise ModelCallError("The model wrote no summary.")
    compaction: Item = {
        "id": new_id("cmp"),
        "type": "compaction",
        "encrypted_content": encode_summary(summary),
    }
    items = [*await history.load_items(asked), *turn.items]
    kept = [item for item in items if item.get("role") == "user"]
    output = [ConversationItem(**item) for item in (*kept, compaction)]
    return CompactedResponse(
        id=turn.id, created_at=int(time()), output=output, usage=answer["usage"]
    )
