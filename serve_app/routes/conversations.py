"""/v1/conversations: what was said, kept for the responses that go on from it."""

from typing import Any

from fastapi import APIRouter

from serve_app.http.json_body import JSONRoute
from serve_app.routes.dependencies import HistoryDep
from serve_app.routes.lists import Limit, Order, deleted, listed
from serve_app.storage.conversations import Conversation
from wire.openai.conversations import (
    ConversationRequest,
    ConversationUpdate,
    NewItems,
)
from wire.openai.items import new_items, resolve_references

router = APIRouter(route_class=JSONRoute)

Answer = dict[str, Any]


@router.post("/conversations")
async def create_conversation(body: ConversationRequest, history: HistoryDep) -> Answer:
    """Begin a conversation, with what was said so far."""
    items = resolve_references(new_items(body.items, "items"), ())
    made = await history.conversations.create(history.owner, body.metadata or {}, items)
    return _body(made)


@router.get("/conversations/{conversation_id}")
async def retrieve_conversation(conversation_id: str, history: HistoryDep) -> Answer:
    """Return a conversation, without its items."""
    return _body(await history.conversations.get(history.owner, conversation_id))


@router.post("/conversations/{conversation_id}")
async def update_conversation(
    conversation_id: str, body: ConversationUpdate, history: HistoryDep
) -> Answer:
    """Give it other labels."""
    changed = await history.conversations.update(history.owner, conversation_id, body.metadata)
    return _body(changed)


@router.delete("/conversations/{conversation_id}")
async def delete_conversation(conversation_id: str, history: HistoryDep) -> Answer:
    """Forget it and all its items."""
    await history.conversations.delete(history.owner, conversation_id)
    return deleted(conversation_id, "conversation")


@router.post("/conversations/{conversation_id}/items")
async def add_items(conversation_id: str, body: NewItems, history: HistoryDep) -> Answer:
    """Add to what was said."""
    items = resolve_references(new_items(body.items, "items"), ())
    await history.conversations.add_items(history.owner, conversation_id, items)
    return listed(items)


@router.get("/conversations/{conversation_id}/items")
async def list_items(
    conversation_id: str,
    history: HistoryDep,
    limit: Limit = 20,
    order: Order = "desc",
    after: str | None = None,
) -> Answer:
    """List what was said."""
    items, has_more = await history.conversations.items(
        history.owner, conversation_id, limit=limit, order=order, after=after
    )
    return listed(items, has_more=has_more)


@router.get("/conversations/{conversation_id}/items/{item_id}")
async def retrieve_item(conversation_id: str, item_id: str, history: HistoryDep) -> Answer:
    """Return one item."""
    return await history.conversations.item(history.owner, conversation_id, item_id)


@router.delete("/conversations/{conversation_id}/items/{item_id}")
async def delete_item(conversation_id: str, item_id: str, history: HistoryDep) -> Answer:
    """Forget one item; the answer is the conversation, as with OpenAI."""
    await history.conversations.delete_item(history.owner, conversation_id, item_id)
    return _body(await history.conversations.get(history.owner, conversation_id))


def _body(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation as it is shown."""
    return {
        "id": conversation.id,
        "object": "conversation",
        "created_at": conversation.created_at,
        "metadata": conversation.metadata,
    }
