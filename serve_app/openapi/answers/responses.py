"""Answers of responses and conversations."""

from typing import Any, Literal

from pydantic import Field

from serve_app.openapi.answers.common import Answer, OpenAnswer

ItemStatus = Literal["in_progress", "completed", "incomplete"]


class LikelyToken(Answer):
    """A token and its natural logarithm of probability."""

    token: str
    logprob: float
    bytes: list[int]


class OutputLogprob(LikelyToken):
    """A token that was chosen, and the likeliest in its place."""

    top_logprobs: list[LikelyToken]


class OutputText(Answer):
    """A text that the model wrote."""

    type: Literal["output_text"]
    text: str
    annotations: list[dict[str, Any]]
    logprobs: list[OutputLogprob] | None = None


class OutputMessage(Answer):
    """What the model says."""

    type: Literal["message"]
    id: str
    role: Literal["assistant"]
    status: ItemStatus
    content: list[OutputText]
    phase: str | None = None


class OutputFunctionCall(Answer):
    """A call of a function."""

    type: Literal["function_call"]
    id: str | None
    call_id: str
    name: str
    arguments: str
    """JSON."""
    status: ItemStatus | None = None
    caller: dict[str, Any] | None = None
    namespace: str | None = None
    is_async: bool | None = Field(default=None, alias="async")


class OutputCustomToolCall(Answer):
    """A call of a tool that takes a text."""

    type: Literal["custom_tool_call"]
    id: str | None
    call_id: str
    name: str
    input: str
    status: ItemStatus | None = None
    caller: dict[str, Any] | None = None
    namespace: str | None = None
    is_async: bool | None = Field(default=None, alias="async")


class ReasoningText(Answer):
    """A part of what the model thought."""

    type: Literal["reasoning_text"]
    text: str


class OutputReasoning(Answer):
    """What the model thought."""

    type: Literal["reasoning"]
    id: str
    summary: list[dict[str, Any]]
    content: list[ReasoningText] | None = None
    encrypted_content: str | None = None
    status: ItemStatus | None = None


OutputItem = OutputMessage | OutputFunctionCall | OutputCustomToolCall | OutputReasoning


class InputTokensDetails(Answer):
    """Of the tokens that were read."""

    cached_tokens: int
    cache_write_tokens: int


class OutputTokensDetails(Answer):
    """Of the tokens that were written."""

    reasoning_tokens: int


class ResponseUsage(Answer):
    """Tokens that were read and written."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


class ResponseError(Answer):
    """Why it failed."""

    code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
    message: str


class IncompleteDetails(Answer):
    """Why it ended early."""

    reason: Literal["max_output_tokens", "content_filter"]


class ConversationId(Answer):
    """The conversation that it belongs to."""

    id: str


class ModelResponse(Answer):
    """A response as it is now."""

    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]
    error: ResponseError | None
    incomplete_details: IncompleteDetails | None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    metadata: dict[str, str]
    model: str
    output: list[OutputItem]
    parallel_tool_calls: bool
    previous_response_id: str | None
    conversation: ConversationId | None
    background: bool
    prompt: None
    prompt_cache_key: str | None
    reasoning: dict[str, Any]
    safety_identifier: str | None
    service_tier: str
    temperature: float | None
    text: dict[str, Any]
    tool_choice: str | dict[str, Any]
    tools: list[dict[str, Any]]
    top_logprobs: int
    top_p: float | None
    truncation: Literal["auto", "disabled"]
    usage: ResponseUsage | None
    user: str | None


class DeletedResponse(Answer):
    """It is forgotten."""

    id: str
    object: Literal["response"]
    deleted: Literal[True]


class ResponseInputTokens(Answer):
    """What a response would read."""

    object: Literal["response.input_tokens"]
    input_tokens: int


class StoredItem(OpenAnswer):
    """An item as it was said, with an id."""

    id: str
    type: Literal[
        "message",
        "function_call",
        "function_call_output",
        "custom_tool_call",
        "custom_tool_call_output",
        "reasoning",
    ]


class ItemList(Answer):
    """A page of items."""

    object: Literal["list"]
    data: list[StoredItem]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Conversation(Answer):
    """A conversation, without its items."""

    id: str
    object: Literal["conversation"]
    created_at: int
    metadata: dict[str, str]


class DeletedConversation(Answer):
    """It is forgotten, with all its items."""

    id: str
    object: Literal["conversation.deleted"]
    deleted: Literal[True]
