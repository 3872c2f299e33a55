"""Request types of conversations. Reference: https://platform.openai.com/docs/api-reference/conversations."""

from typing import Any

from pydantic import Field

from wire.openai.responses import Metadata
from wire.requests import RequestBody

MAX_ITEMS = 20
"""OpenAI's limit of items per request."""


class ConversationRequest(RequestBody):
    """Body of ``POST /v1/conversations``."""

    items: list[dict[str, Any]] | None = Field(default=None, max_length=MAX_ITEMS)
    metadata: Metadata | None = None


class ConversationUpdate(RequestBody):
    """Body of ``POST /v1/conversations/{id}``."""

    metadata: Metadata


class NewItems(RequestBody):
    """Body of ``POST /v1/conversations/{id}/items``."""

    items: list[dict[str, Any]] = Field(min_length=1, max_length=MAX_ITEMS)
