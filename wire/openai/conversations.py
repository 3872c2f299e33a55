"""Request types of conversations. Reference: https://platform.openai.com/docs/api-reference/conversations."""

from typing import Any, Literal

from pydantic import Field

from wire.answers import Answer, OpenAnswer
from wire.limits import MAX_CONVERSATION_ITEMS
from wire.openai.objects import Deleted, ListPage, Metadata
from wire.requests import StoredBody


class ConversationRequest(StoredBody):
    """Body of ``POST /v1/conversations``."""

    items: list[dict[str, Any]] | None = Field(default=None, max_length=MAX_CONVERSATION_ITEMS)
    metadata: Metadata | None = None


class ConversationUpdate(StoredBody):
    """Body of ``POST /v1/conversations/{id}``."""

    metadata: Metadata


class NewItems(StoredBody):
    """Body of ``POST /v1/conversations/{id}/items``."""

    items: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_CONVERSATION_ITEMS)


class ConversationItem(OpenAnswer):
    """An item of a conversation, with an id."""

    id: str
    type: Literal[
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "reasoning",
        "compaction",
    ]


class ConversationItemList(ListPage[ConversationItem]):
    """A page of items."""


class Conversation(Answer):
    """A conversation, without its items."""

    id: str
    object: Literal["conversation"] = "conversation"
    created_at: int
    metadata: dict[str, str]


class ConversationDeleted(Deleted[Literal["conversation.deleted"]]):
    """The conversation is deleted with its items."""

    object: Literal["conversation.deleted"] = "conversation.deleted"
