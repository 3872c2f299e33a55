"""Request types of Anthropic's Messages. Reference: https://platform.claude.com/docs/en/api/messages."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from wire.answers import Omittable, SparseAnswer
from wire.anthropic.message_blocks import read_messages, read_system
from wire.errors import InvalidRequestError, UnsupportedThreadError, echo
from wire.fields import check_types, refuse_unless_neutral
from wire.hints import OF_MESSAGES
from wire.json_schema.checks import check_schema, check_tools
from wire.requests import Matching, ModelRequest, RequestBody

MIN_THINKING_TOKENS = 1024
"""Anthropic's minimum of ``budget_tokens``."""

EDITS = ("clear_tool_uses_", "clear_thinking_", "compact_")
"""Types of ``context_management.edits``, which only save tokens, without their dates."""

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "container": (None,),
    "mcp_servers": (None, []),
    "compaction": (None,),
    "inference_geo": (None, "global"),
}
"""Unsupported fields, and the values that are accepted because they request nothing."""


class InputMessage(RequestBody):
    """One message of a conversation."""

    role: Literal["user", "assistant", "system"]
    content: str | list[Any]


ToolType = Annotated[
    str,
    Matching("custom", "'custom': a tool with an 'input_schema', which the client runs"),
]
ToolName = Annotated[
    str, Matching(r"[a-zA-Z0-9_-]{1,128}", "of 1 to 128 letters, digits, '_' and '-'")
]


class CustomTool(RequestBody):
    """A tool that the client executes."""

    type: ToolType | None = None
    name: ToolName
    description: str | None = None
    input_schema: dict[str, Any]
    input_examples: list[dict[str, Any]] | None = None
    strict: bool | None = None
    defer_loading: Literal[False] | None = None
    allowed_callers: list[Literal["direct"]] | None = None
    eager_input_streaming: bool | None = None

    def for_engine(self, *, is_forced: bool) -> dict[str, Any]:
        """Convert the tool for vLLM; input examples become the schema's ``examples``.

        A forced call is constrained to the schema whatever ``strict`` says: models do not follow it
        reliably otherwise.
        """
        tool = self.model_dump(include={"name", "description", "strict"}, exclude_none=True)
        strict = {"strict": True} if is_forced else {}
        examples = {"examples": self.input_examples} if self.input_examples else {}
        return {**tool, **strict, "input_schema": {**self.input_schema, **examples}}


class ToolChoice(RequestBody):
    """Whether the model must call a tool, and which one."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class Thinking(RequestBody):
    """Whether the model reasons before it answers."""

    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = Field(default=None, ge=MIN_THINKING_TOKENS)
    display: Literal["summarized", "omitted"] | None = None

    @model_validator(mode="after")
    def _check_budget_is_given(self) -> "Thinking":
        if self.type == "enabled" and self.budget_tokens is None:
            raise ValueError("type 'enabled' needs 'budget_tokens'")
        return self


class OutputFormat(RequestBody):
    """The JSON schema of the answer."""

    type: Literal["json_schema"]
    schema_: dict[str, Any] = Field(alias="schema", min_length=1)


class OutputConfig(RequestBody):
    """Effort and format of the answer."""

    effort: Literal["low", "medium", "high", "xhigh", "max"] | None = None
    format: OutputFormat | None = None
    task_budget: None = None


class CountTokensRequest(ModelRequest):
    """Body of ``POST /v1/messages/count_tokens``."""

    hints = OF_MESSAGES

    messages: list[InputMessage] = Field(min_length=1)
    system: str | list[Any] | None = None
    tools: list[CustomTool] | None = None
    tool_choice: ToolChoice | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None
    thread: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    user_profile_id: str | None = None
    cache_control: dict[str, Any] | None = None
    service_tier: str | None = None
    speed: str | None = None
    context_management: dict[str, Any] | None = None
    diagnostics: dict[str, Any] | None = None
    fallbacks: str | list[Any] | None = None
    fallback_credit_token: str | dict[str, Any] | None = None
    billing_policy: str | dict[str, Any] | None = None

    @model_validator(mode="after")
    def _check_tool_choice(self) -> "CountTokensRequest":
        choice = self.tool_choice
        names = [tool.name for tool in self.tools or ()]
        if len(names) != len(set(names)):
            raise InvalidRequestError("Invalid 'tools': two have the same name.", "tools")
        if choice is None or choice.type in ("auto", "none"):
            return self
        if not names:
            raise InvalidRequestError(
                f"Invalid 'tool_choice': '{choice.type}' needs 'tools'.", "tool_choice"
            )
        if choice.type == "tool" and choice.name not in names:
            raise InvalidRequestError(
                f"Invalid 'tool_choice.name': {echo(choice.name)} is none of the tools: "
                f"{', '.join(names)}.",
                "tool_choice.name",
            )
        return self

    @model_validator(mode="after")
    def _check_output_format(self) -> "CountTokensRequest":
        in_config = self.output_config and self.output_config.format
        if in_config and self.output_format:
            raise InvalidRequestError(
                "'output_format' and 'output_config.format' mean the same; send one.",
                "output_format",
            )
        return self

    @property
    def wants_thoughts(self) -> bool:
        """Whether the model should reason first, which not every model does."""
        return self.thinking is not None and self.thinking.type != "disabled"

    def for_engine(self, *, reads_images: bool) -> dict[str, Any]:
        """Convert the request for vLLM.

        Raises:
            InvalidRequestError: something in it is not supported.
        """
        if self.thread is not None:
            raise UnsupportedThreadError(
                "'thread' is not supported here: send the whole conversation.", "thread"
            )
        refuse_unless_neutral(self.model_extra or {}, NEUTRAL)
        edits = (self.context_management or {}).get("edits")
        check_types(edits, EDITS, "context_management.edits")
        chat_fields: dict[str, Any] = {
            "messages": read_messages(
                [(message.role, message.content) for message in self.messages],
                reads_images=reads_images,
            ),
            "system": read_system(self.system) if self.system else None,
            "thinking": self.thinking.model_dump(exclude_none=True) if self.thinking else None,
            "output_config": self._output_config(),
        }
        if self.tools:
            is_forced = self.tool_choice is not None and self.tool_choice.type in ("any", "tool")
            tools = [tool.for_engine(is_forced=is_forced) for tool in self.tools]
            check_tools(tools, tools)
            chat_fields["tools"] = tools
            if self.tool_choice:
                chat_fields["tool_choice"] = self.tool_choice.model_dump(exclude_none=True)
        return {name: value for name, value in chat_fields.items() if value is not None}

    def _output_config(self) -> dict[str, Any] | None:
        config = self.output_config or OutputConfig()
        form = config.format or self.output_format
        written: dict[str, Any] = {}
        if config.effort:
            written["effort"] = config.effort
        if form:
            place = "output_format" if self.output_format else "output_config.format"
            check_schema(form.schema_, f"{place}.schema")
            written["format"] = {"type": form.type, "schema": form.schema_}
        return written or None


class MessagesRequest(CountTokensRequest):
    """Body of ``POST /v1/messages``."""

    max_tokens: int = Field(ge=1)
    stop_sequences: list[Annotated[str, Field(min_length=1)]] | None = None
    stream: bool | None = None
    temperature: float | None = Field(default=None, ge=0, le=1)
    top_k: int | None = Field(default=None, ge=0)
    top_p: float | None = Field(default=None, gt=0, le=1)

    @model_validator(mode="after")
    def _check_budget(self) -> "MessagesRequest":
        budget = self.thinking.budget_tokens if self.thinking else None
        if budget is not None and budget >= self.max_tokens:
            raise InvalidRequestError(
                f"Invalid 'thinking.budget_tokens': must be less than 'max_tokens' "
                f"({self.max_tokens}), received {budget}.",
                "thinking.budget_tokens",
            )
        return self

    def for_engine(self, *, reads_images: bool) -> dict[str, Any]:
        """Convert the request for vLLM."""
        names = {"max_tokens", "stop_sequences", "stream", "temperature", "top_k", "top_p"}
        sampling = self.model_dump(include=names, exclude_none=True)
        return {**super().for_engine(reads_images=reads_images), **sampling}


class MessagesErrorObject(SparseAnswer):
    """What went wrong."""

    type: Literal[
        "invalid_request_error",
        "authentication_error",
        "permission_error",
        "not_found_error",
        "request_too_large",
        "overloaded_error",
        "api_error",
    ]
    message: str
    details: Omittable[dict[str, Any]] = None


class MessagesError(SparseAnswer):
    """Anthropic's error."""

    type: Literal["error"]
    error: MessagesErrorObject
    request_id: str
    """Also in the header `request-id`."""


StopReason = Literal[
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "model_context_window_exceeded",
    "refusal",
]


class MessageUsage(SparseAnswer):
    """Tokens that were read and written."""

    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class TextBlock(SparseAnswer):
    """A text."""

    type: Literal["text"]
    text: str


class ThinkingBlock(SparseAnswer):
    """What the model thought."""

    type: Literal["thinking"]
    thinking: str
    signature: str | None = None


class ToolUseBlock(SparseAnswer):
    """A call of a tool."""

    type: Literal["tool_use"]
    id: str
    name: str
    input: dict[str, Any]


ContentBlock = TextBlock | ThinkingBlock | ToolUseBlock


class AnthropicMessage(SparseAnswer):
    """The message of the model."""

    id: str
    type: Literal["message"]
    role: Literal["assistant"]
    model: str
    content: list[ContentBlock]
    stop_reason: StopReason | None
    stop_sequence: str | None
    usage: MessageUsage


class MessageTokensCount(SparseAnswer):
    """What the model would read."""

    input_tokens: int


class MessageStartEvent(SparseAnswer):
    """The message, without content."""

    type: Literal["message_start"]
    message: AnthropicMessage


class ContentBlockStartEvent(SparseAnswer):
    """A block begins."""

    type: Literal["content_block_start"]
    index: int
    content_block: ContentBlock


class TextDelta(SparseAnswer):
    """More of a text."""

    type: Literal["text_delta"]
    text: str


class InputJSONDelta(SparseAnswer):
    """More of a call's input, as JSON."""

    type: Literal["input_json_delta"]
    partial_json: str


class ThinkingDelta(SparseAnswer):
    """More of what the model thinks."""

    type: Literal["thinking_delta"]
    thinking: str


class SignatureDelta(SparseAnswer):
    """The signature of what the model thought."""

    type: Literal["signature_delta"]
    signature: str


class ContentBlockDeltaEvent(SparseAnswer):
    """More of a block."""

    type: Literal["content_block_delta"]
    index: int
    delta: TextDelta | InputJSONDelta | ThinkingDelta | SignatureDelta


class ContentBlockStopEvent(SparseAnswer):
    """A block ends."""

    type: Literal["content_block_stop"]
    index: int


class MessageDelta(SparseAnswer):
    """Why the message ends."""

    stop_reason: StopReason | None
    stop_sequence: str | None


class MessageDeltaEvent(SparseAnswer):
    """What is known at the end."""

    type: Literal["message_delta"]
    delta: MessageDelta
    usage: MessageUsage


class MessageStopEvent(SparseAnswer):
    """The end."""

    type: Literal["message_stop"]


class PingEvent(SparseAnswer):
    """Nothing new."""

    type: Literal["ping"]


MessageStreamEvent = (
    MessageStartEvent
    | ContentBlockStartEvent
    | ContentBlockDeltaEvent
    | ContentBlockStopEvent
    | MessageDeltaEvent
    | MessageStopEvent
    | PingEvent
)
