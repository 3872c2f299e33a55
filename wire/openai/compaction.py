"""Request and answer of a conversation's compaction. Reference: openai's ``responses.compact``."""

from typing import Annotated, Any, Literal

from pydantic import Field

from wire.answers import Answer
from wire.limits import MAX_ID_CHARS
from wire.openai.conversations import ConversationItem
from wire.openai.responses import ResponseUsage
from wire.requests import ModelRequest, StoredBody


class CompactRequest(StoredBody, ModelRequest):
    """Body of ``POST /v1/responses/compact``."""

    input: str | list[dict[str, Any]] | None = None
    instructions: str | None = None
    previous_response_id: Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    prompt_cache_options: dict[str, Any] | None = None


class CompactedResponse(Answer):
    """What was said by the user, and a summary of the conversation."""

    id: str
    object: Literal["response.compaction"] = "response.compaction"
    created_at: int
    output: list[ConversationItem]
    usage: ResponseUsage
