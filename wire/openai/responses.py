"""Request types of responses. Reference: https://platform.openai.com/docs/api-reference/responses/create."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from wire.answers import Omittable, SparseAnswer
from wire.constraints import with_structured_outputs
from wire.errors import InvalidRequestError, echo
from wire.fields import OF_OTHER_PATHS, check_types, own_fields, refuse_unless_neutral
from wire.hints import LOGPROBS, OF_RESPONSES
from wire.json_schema.checks import check_named_schema, check_tools
from wire.limits import MAX_ID_CHARS, MAX_LOGIT_BIASES, MAX_LOGPROBS, MAX_TOOLS
from wire.openai.objects import Deleted, Metadata
from wire.openai.tool_choice import prepare_tools
from wire.requests import ModelRequest, StoredBody, type_of

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "access_programs": (None,),
    "moderation": (None,),
    "prompt": (None,),
}
"""Unsupported fields, and the values that are accepted because they request nothing."""

LABELS = ("prompt_cache_key", "prompt_cache_retention", "safety_identifier", "user")
"""Fields without effect, which the answer repeats."""

SAMPLING = ("frequency_penalty", "presence_penalty", "temperature", "top_p")
"""Fields of the answer that repeat the request, or show the model's default."""

ONLY_HERE = {
    *NEUTRAL,
    *OF_RESPONSES.keys() - {"top_logprobs"},
    "background",
    "conversation",
    "input",
    "max_tool_calls",
    "previous_response_id",
    "repeat_penalty",
    "safety_identifier",
    "store",
    "stream_options",
    "user",
}
"""Fields that are not passed to the engine unchanged."""

COMPACTION = ("compaction",)
"""Types of ``context_management``, which only saves tokens."""

TOOL_TYPES = ("function", "custom")
"""Tools that the client executes. OpenAI's hosted tools are not supported."""

Includable = Literal[
    "message.output_text.logprobs",
    "message.input_image.image_url",
    "reasoning.encrypted_content",
    "code_interpreter_call.outputs",
    "computer_call_output.output.image_url",
    "file_search_call.results",
    "web_search_call.action.sources",
    "web_search_call.results",
]
"""Values of ``include``. Those of OpenAI's hosted tools have no effect."""


class ConversationReference(StoredBody):
    """A stored conversation."""

    id: str = Field(min_length=1, max_length=MAX_ID_CHARS)


class ResponseStreamOptions(StoredBody):
    """Additional content of a stream."""

    include_obfuscation: bool | None = None


class ResponseRequest(StoredBody, ModelRequest):
    """Body of ``POST /v1/responses``."""

    model_config = ConfigDict(extra="allow")
    hints = OF_RESPONSES
    read_elsewhere = OF_OTHER_PATHS

    input: str | list[dict[str, Any]] | None = None
    instructions: str | None = None
    previous_response_id: str | None = Field(default=None, min_length=1, max_length=MAX_ID_CHARS)
    conversation: str | ConversationReference | None = None
    store: bool | None = None
    background: bool | None = None
    stream: bool | None = None
    stream_options: ResponseStreamOptions | None = None
    include: list[Includable] | None = None
    metadata: Metadata | None = None
    max_output_tokens: int | None = Field(default=None, ge=1)
    max_tool_calls: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_logprobs: int | None = Field(default=None, ge=0, le=MAX_LOGPROBS)
    text: dict[str, Any] | None = None
    reasoning: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = Field(default=None, max_length=MAX_TOOLS)
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    truncation: Literal["auto", "disabled"] | None = None
    user: str | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    prompt_cache_options: dict[str, Any] | None = None
    safety_identifier: str | None = None
    personality: str | None = None
    service_tier: str | None = None
    prompt: dict[str, Any] | None = None
    moderation: dict[str, Any] | None = None
    context_management: list[Any] | None = None
    access_programs: dict[str, Any] | None = None
    background_options: dict[str, Any] | None = None
    image: dict[str, Any] | None = None
    # Fields of vLLM and LocalAI that OpenAI does not have.
    top_k: int | None = Field(default=None, ge=-1)
    min_p: float | None = Field(default=None, ge=0, le=1)
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    stop: str | list[str] | None = None
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    repetition_penalty: float | None = Field(default=None, gt=0)
    repeat_penalty: float | None = Field(default=None, gt=0)
    ignore_eos: bool | None = None
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = Field(
        default=None, max_length=MAX_LOGIT_BIASES
    )
    structured_outputs: dict[str, Any] | None = None
    chat_template_kwargs: dict[str, Any] | None = None

    @property
    def conversation_id(self) -> str | None:
        """The id of the conversation that the response belongs to."""
        named = self.conversation
        return named.id if isinstance(named, ConversationReference) else named

    @model_validator(mode="after")
    def _check_combinations(self) -> "ResponseRequest":
        refuse_unless_neutral({name: getattr(self, name) for name in NEUTRAL}, NEUTRAL)
        if self.previous_response_id and self.conversation:
            raise InvalidRequestError(
                "'previous_response_id' and 'conversation' both name what was said before; "
                "send one.",
                "conversation",
            )
        if self.background and self.store is False:
            raise InvalidRequestError(
                "Invalid 'background': needs 'store', or nobody could fetch the answer.",
                "background",
            )
        if self.stream_options is not None and not self.stream:
            raise InvalidRequestError(
                "Invalid 'stream_options': only allowed when 'stream' is true.", "stream_options"
            )
        check_types(self.context_management, COMPACTION, "context_management")
        _check_tools(self.tools or ())
        return self

    def engine_fields(self) -> dict[str, Any]:
        """Return the engine's fields, without the conversation."""
        fields = {name: v for name, v in own_fields(self).items() if name not in ONLY_HERE}
        if LOGPROBS in (self.include or ()):
            fields["include"] = [LOGPROBS]
        if self.repeat_penalty is not None:
            if self.repetition_penalty is not None:
                raise InvalidRequestError(
                    "'repeat_penalty' and 'repetition_penalty' mean the same; send one.",
                    "repeat_penalty",
                )
            fields["repetition_penalty"] = self.repeat_penalty
        form = (self.text or {}).get("format")
        if form is not None and not isinstance(form, dict):
            raise InvalidRequestError(
                f"Invalid 'text.format': must be an object (received {echo(form)}).", "text.format"
            )
        if type_of(form) == "json_schema":
            check_named_schema(form, "text.format")
        prepared = prepare_tools(with_structured_outputs(fields))
        check_tools(prepared.get("tools") or (), self.tools or ())
        return prepared

    def echo_fields(self) -> dict[str, Any]:
        """Return the fields of the answer that repeat the request."""
        sampling = {name: getattr(self, name) for name in SAMPLING}
        return {
            "background": bool(self.background),
            "conversation": {"id": self.conversation_id} if self.conversation else None,
            "instructions": self.instructions,
            "max_output_tokens": self.max_output_tokens,  # the engine clamps it
            "max_tool_calls": self.max_tool_calls,
            "metadata": self.metadata or {},
            "parallel_tool_calls": self.parallel_tool_calls is not False,
            "previous_response_id": self.previous_response_id,
            "prompt": None,
            "reasoning": {"effort": None, "summary": None, **(self.reasoning or {})},
            "service_tier": "default",
            "store": self.store is not False,
            "text": _echo_text(self.text or {}),
            "tool_choice": self.tool_choice or "auto",
            "tools": [_echo_tool(tool) for tool in self.tools or ()],
            "top_logprobs": self.top_logprobs or 0,
            "truncation": self.truncation or "disabled",
            **{name: getattr(self, name) for name in LABELS},
            **{name: value for name, value in sampling.items() if value is not None},
        }


def _echo_text(text: dict[str, Any]) -> dict[str, Any]:
    """Return the form of the answer with the fields that are optional in requests."""
    form = text.get("format") or {"type": "text"}
    if form.get("type") == "json_schema":
        form = {"description": None, "strict": None, **form}
    return {**text, "format": form}


def _echo_tool(tool: dict[str, Any]) -> dict[str, Any]:
    """Return a tool with the fields that are optional in requests."""
    if tool.get("type") != "function":
        return tool
    return {"description": None, "parameters": None, "strict": None, **tool}


ItemStatus = Literal["in_progress", "completed", "incomplete"]


class ResponseTopLogprob(SparseAnswer):
    """A token and its natural logarithm of probability."""

    token: str
    logprob: float
    bytes: list[int]


class ResponseLogprob(ResponseTopLogprob):
    """A token that was chosen, and the likeliest in its place."""

    top_logprobs: list[ResponseTopLogprob]


class ResponseOutputText(SparseAnswer):
    """A text that the model wrote."""

    type: Literal["output_text"]
    text: str
    annotations: list[dict[str, Any]]
    logprobs: list[ResponseLogprob]


class ResponseOutputMessage(SparseAnswer):
    """A message of the model."""

    type: Literal["message"]
    id: str
    role: Literal["assistant"]
    status: ItemStatus
    content: list[ResponseOutputText]
    phase: Omittable[str] = None


class ResponseFunctionToolCall(SparseAnswer):
    """A call of a function."""

    type: Literal["function_call"]
    id: str
    call_id: str
    name: str
    arguments: str
    """JSON."""
    status: ItemStatus
    caller: Omittable[dict[str, Any]] = None
    namespace: Omittable[str] = None


class ResponseCustomToolCall(SparseAnswer):
    """A call of a tool that takes a text."""

    type: Literal["custom_tool_call"]
    id: str
    call_id: str
    name: str
    input: str
    status: Omittable[ItemStatus] = None
    caller: Omittable[dict[str, Any]] = None
    namespace: Omittable[str] = None


class ReasoningText(SparseAnswer):
    """A part of what the model thought."""

    type: Literal["reasoning_text"]
    text: str


class ResponseReasoningItem(SparseAnswer):
    """What the model thought."""

    type: Literal["reasoning"]
    id: str
    summary: list[dict[str, Any]]
    content: Omittable[list[ReasoningText]] = None
    encrypted_content: Omittable[str] = None
    status: Omittable[ItemStatus] = None


ResponseOutputItem = (
    ResponseOutputMessage
    | ResponseFunctionToolCall
    | ResponseCustomToolCall
    | ResponseReasoningItem
)


class InputTokensDetails(SparseAnswer):
    """Of the tokens that were read."""

    cached_tokens: int
    cache_write_tokens: int


class OutputTokensDetails(SparseAnswer):
    """Of the tokens that were written."""

    reasoning_tokens: int


class ResponseUsage(SparseAnswer):
    """Tokens that were read and written."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


class ResponseError(SparseAnswer):
    """Why it failed."""

    code: Literal["server_error", "rate_limit_exceeded", "invalid_prompt"]
    message: str


class IncompleteDetails(SparseAnswer):
    """Why it ended early."""

    reason: Literal["max_output_tokens", "content_filter"]


class ResponseConversation(SparseAnswer):
    """The conversation that it belongs to."""

    id: str


class ModelResponse(SparseAnswer):
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
    output: list[ResponseOutputItem]
    parallel_tool_calls: bool
    frequency_penalty: float
    presence_penalty: float
    previous_response_id: str | None
    conversation: ResponseConversation | None
    background: bool
    prompt: None
    prompt_cache_key: str | None
    prompt_cache_retention: Literal["in_memory", "24h"] | None
    reasoning: dict[str, Any]
    safety_identifier: str | None
    service_tier: str
    store: bool
    temperature: float
    text: dict[str, Any]
    tool_choice: str | dict[str, Any]
    tools: list[dict[str, Any]]
    top_logprobs: int
    top_p: float
    truncation: Literal["auto", "disabled"]
    usage: ResponseUsage | None
    user: str | None


class ResponseDeleted(Deleted[Literal["response"]]):
    """It is forgotten."""

    object: Literal["response"] = "response"


class InputTokenCountResponse(SparseAnswer):
    """The number of tokens that a response would read."""

    object: Literal["response.input_tokens"] = "response.input_tokens"
    input_tokens: int


def _check_tools(tools: Any) -> None:
    for index, tool in enumerate(tools):
        kind = tool.get("type")
        if kind not in TOOL_TYPES:
            raise InvalidRequestError(
                f"Invalid 'tools[{index}].type': {echo(kind)} runs on no server here; allowed "
                f"are {' and '.join(TOOL_TYPES)}.",
                f"tools[{index}].type",
            )
        if not isinstance(tool.get("name"), str) or not tool["name"]:
            raise InvalidRequestError(
                f"Missing required parameter: 'tools[{index}].name'.", f"tools[{index}].name"
            )
