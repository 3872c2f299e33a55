"""Wire types of conversations. Reference: https://platform.openai.com/docs/api-reference/conversations."""

from typing import Any

from pydantic import Field

from serve_app.protocol.common import Wire
from serve_app.protocol.responses import Metadata
from serve_app.storage.conversations import Conversation

MAX_ITEMS = 20
"""OpenAI's limit of items that one request adds."""


class ConversationRequest(Wire):
    """Body of ``POST /v1/conversations``."""

    items: list[dict[str, Any]] | None = Field(default=None, max_length=MAX_ITEMS)
    metadata: Metadata | None = None


class ConversationUpdate(Wire):
    """Body of ``POST /v1/conversations/{id}``."""

    metadata: Metadata


class NewItems(Wire):
    """Body of ``POST /v1/conversations/{id}/items``."""

    items: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_ITEMS)


def as_openais(conversation: Conversation) -> dict[str, Any]:
    """Return a conversation as it is shown."""
    return {
        "id": conversation.id,
        "object": "conversation",
        "created_at": conversation.created_at,
        "metadata": conversation.metadata,
    }
