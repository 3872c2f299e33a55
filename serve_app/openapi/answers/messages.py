"""Answers of Anthropic's Messages, whole and in events."""

from typing import Any, Literal

from serve_app.openapi.answers.common import Answer

StopReason = Literal[
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "model_context_window_exceeded",
    "refusal",
]


class MessageUsage(Answer):
    """Tokens that were read and written."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class TextBlock(Answer):
    """A text."""

    type: Literal["text"]
    text: str


class ThinkingBlock(Answer):
    """What the model thought."""

    type: Literal["thinking"]
    thinking: str
    signature: str | None = None


class ToolUseBlock(Answer):
    """A call of a tool."""

    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]


Block = TextBlock | ThinkingBlock | ToolUseBlock


class AnsweredMessage(Answer):
    """What the model says."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[Block]
    stop_reason: StopReason | None
    stop_sequence: str | None
    usage: MessageUsage


class MessageTokens(Answer):
    """What the model would read."""

    input_tokens: int


class MessageStart(Answer):
    """The message, without content."""

    type: Literal["message_start"]
    message: AnsweredMessage


class BlockStart(Answer):
    """A block begins."""

    type: Literal["content_block_start"]
    index: int
    content_block: Block


class TextDelta(Answer):
    """More of a text."""

    type: Literal["text_delta"]
    text: str


class InputDelta(Answer):
    """More of a call's input, as JSON."""

    type: Literal["input_json_delta"]
    partial_json: str


class ThinkingDelta(Answer):
    """More of what the model thinks."""

    type: Literal["thinking_delta"]
    thinking: str


class SignatureDelta(Answer):
    """The signature of what the model thought."""

    type: Literal["signature_delta"]
    signature: str


class BlockDelta(Answer):
    """More of a block."""

    type: Literal["content_block_delta"]
    index: int
    delta: TextDelta | InputDelta | ThinkingDelta | SignatureDelta


class BlockStop(Answer):
    """A block ends."""

    type: Literal["content_block_stop"]
    index: int


class MessageEnd(Answer):
    """Why the message ends."""

    stop_reason: StopReason | None
    stop_sequence: str | None


class MessageDelta(Answer):
    """What is known at the end."""

    type: Literal["message_delta"]
    delta: MessageEnd
    usage: MessageUsage


class MessageStop(Answer):
    """The end."""

    type: Literal["message_stop"]


class MessagePing(Answer):
    """Nothing new."""

    type: Literal["ping"]


MessageEvent = (
    MessageStart | BlockStart | BlockDelta | BlockStop | MessageDelta | MessageStop | MessagePing
)
