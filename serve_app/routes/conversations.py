"""/v1/conversations: items that responses continue."""

from fastapi import APIRouter, Response

from serve_app.http.json_body import JSONRoute
from serve_app.http.json_response import json_response
from serve_app.routes.dependencies import HistoryDep
from serve_app.routes.lists import Limit, Order
from serve_app.storage.conversations import Conversation as StoredConversation
from wire.openai.conversations import (
    Conversation,
    ConversationDeleted,
    ConversationRequest,
    ConversationUpdate,
    NewItems,
)
from wire.openai.items import Item, new_items, resolve_references
from wire.openai.objects import ListPage

router = APIRouter(route_class=JSONRoute)


@router.post("/conversations")
async def create_conversation(body: ConversationRequest, history: HistoryDep) -> Response:
    """Create a conversation, with its first items."""
    items = await resolve_references(
        new_items(body.items, "items"), history.find_item, param="items"
    )
    stored = await history.conversations.create(history.owner, body.metadata or {}, items)
    return json_response(_conversation(stored))


@router.get("/conversations/{conversation_id}")
async def retrieve_conversation(conversation_id: str, history: HistoryDep) -> Response:
    """Return a conversation, without its items."""
    stored = await history.conversations.get(history.owner, conversation_id)
    return json_response(_conversation(stored))


@router.post("/conversations/{conversation_id}")
async def update_conversation(
    conversation_id: str, body: ConversationUpdate, history: HistoryDep
) -> Response:
    """Change a conversation's metadata."""
    stored = await history.conversations.update(history.owner, conversation_id, body.metadata)
    return json_response(_conversation(stored))


@router.delete("/conversations/{conversation_id}")
async def delete_conversation(conversation_id: str, history: HistoryDep) -> Response:
    """Delete a conversation and its items."""
    await history.conversations.delete(history.owner, conversation_id)
    return json_response(ConversationDeleted(id=conversation_id))


@router.post("/conversations/{conversation_id}/items")
async def add_items(conversation_id: str, body: NewItems, history: HistoryDep) -> Response:
    """Add items."""
    items = await resolve_references(
        new_items(body.items, "items"), history.find_item, param="items"
    )
    await history.conversations.add_items(history.owner, conversation_id, items)
    return json_response(ListPage[Item].of(items))


@router.get("/conversations/{conversation_id}/items")
async def list_items(
    conversation_id: str,
    history: HistoryDep,
    limit: Limit = 20,
    order: Order = "desc",
    after: str | None = None,
) -> Response:
    """List the items."""
    items, has_more = await history.conversations.items(
        history.owner, conversation_id, limit=limit, order=order, after=after
    )
    return json_response(ListPage[Item].of(items, has_more=has_more))


@router.get("/conversations/{conversation_id}/items/{item_id}")
async def retrieve_item(conversation_id: str, item_id: str, history: HistoryDep) -> Response:
    """Return one item."""
    return json_response(await history.conversations.item(history.owner, conversation_id, item_id))


@router.delete("/conversations/{conversation_id}/items/{item_id}")
async def delete_item(conversation_id: str, item_id: str, history: HistoryDep) -> Response:
    """Delete one item; the answer is the conversation, as OpenAI's is."""
    await history.conversations.delete_item(history.owner, conversation_id, item_id)
    stored = await history.conversations.get(history.owner, conversation_id)
    return json_response(_conversation(stored))


def _conversation(stored: StoredConversation) -> Conversation:
    return Conversation(id=stored.id, created_at=stored.created_at, metadata=stored.metadata)
