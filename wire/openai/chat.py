"""Request types of chat completions. Reference: https://platform.openai.com/docs/api-reference/chat/create."""

from collections.abc import Collection
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, model_validator

from wire.answers import Omittable, SparseAnswer
from wire.errors import InvalidRequestError
from wire.fields import refuse_elsewheres
from wire.hints import OF_OPENAI
from wire.limits import MAX_CHOICES, MAX_ID_CHARS, MAX_LOGIT_BIASES, MAX_LOGPROBS, MAX_TOOLS
from wire.openai.objects import Metadata
from wire.openai.speech import VoiceReference
from wire.openai.usage import CompletionUsage
from wire.requests import ModelRequest, RequestBody

AnswerLength = Annotated[int | None, Field(ge=0), AfterValidator(lambda limit: limit or None)]
"""Maximum tokens of an answer; 0 is no limit, as in LocalAI."""


class StreamOptions(RequestBody):
    """Additional content of a stream."""

    include_usage: bool = False
    include_obfuscation: bool | None = None


class AudioOptions(RequestBody):
    """Voice and format of a spoken answer."""

    voice: str | VoiceReference
    format: Literal["wav", "mp3", "aac", "flac", "opus", "pcm16"]
    model: str | None = None
    """The speech model; None: the first. Not in OpenAI's API, whose chat models produce audio."""


class SpokenAnswer(RequestBody):
    """An earlier spoken answer, by its id or with its transcript."""

    id: str = Field(min_length=1, max_length=MAX_ID_CHARS)
    transcript: str | None = None


class FunctionCall(RequestBody):
    """A function that the model has called, and its arguments in JSON."""

    name: str = Field(min_length=1)
    arguments: str


class ToolCall(RequestBody):
    """A tool call of an earlier answer."""

    id: str
    type: Literal["function"] = "function"
    function: FunctionCall


class Message(RequestBody):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    function_call: FunctionCall | None = None
    audio: SpokenAnswer | None = None

    @model_validator(mode="after")
    def _check_content(self) -> "Message":
        if self.content is None and self.role != "assistant":
            raise ValueError(f"'content' is required in a message of role '{self.role}'")
        if isinstance(self.content, list) and not all("type" in part for part in self.content):
            raise ValueError("every part of 'content' needs a 'type'")
        return self


class Function(RequestBody):
    """Name of a function, and the JSON schema of its arguments."""

    name: str = Field(min_length=1)
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(RequestBody):
    """A tool that the model may call."""

    type: Literal["function"] = "function"
    function: Function


class Sampling(ModelRequest):
    """Fields that chat completions and completions share."""

    n: int | None = Field(default=None, ge=1, le=MAX_CHOICES)
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    seed: int | None = Field(default=None, ge=-(2**63), lt=2**63)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    top_k: int | None = Field(default=None, ge=-1)
    min_p: float | None = Field(default=None, ge=0, le=1)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    typical_p: float | None = Field(default=None, ge=0, le=1)
    tfz: float | None = Field(default=None, ge=0, le=1)
    repeat_penalty: float | None = Field(default=None, ge=0)
    logit_bias: dict[str, Annotated[float, Field(ge=-100, le=100)]] | None = Field(
        default=None, max_length=MAX_LOGIT_BIASES
    )
    ignore_eos: bool | None = None
    n_predict: int | None = Field(default=None, ge=-2)
    """llama.cpp's name of ``max_tokens``; negative: no limit."""
    grammar: str | None = None
    grammar_json_functions: dict[str, Any] | None = None
    structured_outputs: dict[str, Any] | None = None
    stream_interval: int | None = Field(default=None, ge=1, le=1_000_000)
    response_format: str | dict[str, Any] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    store: bool | None = None
    metadata: Metadata | None = None
    service_tier: str | None = None
    verbosity: str | None = None
    prediction: dict[str, Any] | None = None
    prompt_cache_retention: str | None = None
    prompt_cache_options: dict[str, Any] | None = None

    hints = OF_OPENAI
    elsewhere: ClassVar[Collection[str]] = ()
    """Fields of other operations, which are refused if set."""

    def num_answers(self) -> int:
        """Return the number of requested answers."""
        return self.n or 1

    @model_validator(mode="after")
    def _refuse_foreign_fields(self) -> "Sampling":
        refuse_elsewheres(self, self.elsewhere)
        return self

    @model_validator(mode="after")
    def _check_stream_options(self) -> "Sampling":
        if self.stream_options is not None and not self.stream:
            raise InvalidRequestError(
                "Invalid 'stream_options': only allowed when 'stream' is true.", "stream_options"
            )
        return self


class ChatCompletionRequest(Sampling):
    """Body of ``POST /v1/chat/completions``."""

    elsewhere = ("prompt",)

    messages: list[Message] = Field(min_length=1)
    max_tokens: AnswerLength = None
    max_completion_tokens: int | None = Field(default=None, ge=1)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=MAX_LOGPROBS)
    tools: list[Tool] | None = Field(default=None, max_length=MAX_TOOLS)
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    functions: list[Function] | None = Field(default=None, max_length=MAX_TOOLS)
    function_call: str | dict[str, Any] | None = None
    modalities: list[Literal["text", "audio"]] | None = Field(default=None, min_length=1)
    audio: AudioOptions | None = None
    prompt_cache_key: str | None = None

    @property
    def is_spoken(self) -> bool:
        """Whether a spoken answer is requested."""
        return "audio" in (self.modalities or ())

    @model_validator(mode="after")
    def _check_audio(self) -> "ChatCompletionRequest":
        if self.is_spoken and self.audio is None:
            raise InvalidRequestError(
                "Invalid 'audio': voice and format are required to speak the answer.", "audio"
            )
        if self.audio is not None and not self.is_spoken:
            raise InvalidRequestError(
                "Invalid 'audio': only allowed with 'modalities': ['text', 'audio'].", "audio"
            )
        if self.is_spoken and self.functions:
            raise InvalidRequestError(
                "Invalid 'functions': an answer that is spoken calls 'tools'.", "functions"
            )
        if self.is_spoken and self.num_answers() > 1:
            raise InvalidRequestError(
                f"Invalid 'n': must be 1 when the answer is spoken (received {self.n}).", "n"
            )
        if self.audio is not None and self.stream and self.audio.format != "pcm16":
            raise InvalidRequestError(
                "Invalid 'audio.format': must be 'pcm16' in a stream "
                f"(received '{self.audio.format}').",
                "audio.format",
            )
        return self


FinishReason = Literal["stop", "length", "tool_calls", "function_call", "content_filter"]


class TopLogprob(SparseAnswer):
    """A token and its natural logarithm of probability."""

    token: str
    logprob: float
    bytes: list[int] | None


class ChatCompletionTokenLogprob(TopLogprob):
    """A token that was chosen, and the likeliest in its place."""

    top_logprobs: list[TopLogprob]


class ChoiceLogprobs(SparseAnswer):
    """Of each token of the content."""

    content: list[ChatCompletionTokenLogprob] | None


class ToolCallFunction(SparseAnswer):
    """A call: the function's name, and its arguments as JSON, which may be invalid."""

    name: str
    arguments: str


class ChatCompletionMessageToolCall(SparseAnswer):
    """A call of a tool."""

    id: str
    type: Literal["function"]
    function: ToolCallFunction


class ChatCompletionAudio(SparseAnswer):
    """The answer as it is spoken."""

    id: str
    data: str
    """The file in base64."""
    transcript: str
    expires_at: int
    """Unix time until which the id may be sent in place of the answer."""


class ChatCompletionMessage(SparseAnswer):
    """The message of the model."""

    role: Literal["assistant"]
    content: str | None
    """Null where it calls tools or speaks."""
    refusal: str | None
    annotations: list[dict[str, Any]] | None = None
    audio: ChatCompletionAudio | None
    function_call: ToolCallFunction | None = None
    tool_calls: Omittable[list[ChatCompletionMessageToolCall]] = None
    reasoning: Omittable[str] = None
    """What a model with a reasoning parser thought."""
    reasoning_content: Omittable[str] = None
    """The same, under LocalAI's name."""


class ChatCompletionChoice(SparseAnswer):
    """One of the answers."""

    index: int
    message: ChatCompletionMessage
    logprobs: ChoiceLogprobs | None
    finish_reason: FinishReason | None
    stop_reason: Omittable[int | str] = None
    """vLLM's: the text or token that ended the answer."""
    token_ids: Omittable[list[int]] = None
    """vLLM's, where `return_token_ids` asks for it."""
    routed_experts: Omittable[str] = None


class ChatCompletion(SparseAnswer):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatCompletionChoice]
    usage: CompletionUsage
    service_tier: str | None = None
    system_fingerprint: str | None = None
    prompt_logprobs: Omittable[list[dict[str, Any] | None]] = None
    prompt_token_ids: Omittable[list[int]] = None
    prompt_text: Omittable[str] = None
    metrics: Omittable[dict[str, Any]] = None


class ChoiceDeltaFunctionCall(SparseAnswer):
    """A part of a call: first the name, then the arguments in pieces."""

    name: str | None = None
    arguments: str | None = None


class ChoiceDeltaToolCall(SparseAnswer):
    """A part of the call of a tool; the index tells which."""

    index: int
    id: str | None = None
    type: Literal["function"] | None = None
    function: ChoiceDeltaFunctionCall | None = None


class ChoiceDeltaAudio(SparseAnswer):
    """A part of a spoken answer: the id once, text and sound as they come, at last the expiry."""

    id: Omittable[str] = None
    transcript: Omittable[str] = None
    data: Omittable[str] = None
    """24 kHz, mono, 16 bit, little endian, in base64."""
    expires_at: Omittable[int] = None


class ChoiceDelta(SparseAnswer):
    """What came since the chunk before."""

    role: Omittable[Literal["assistant"]] = None
    content: str | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: Omittable[list[ChoiceDeltaToolCall]] = None
    function_call: Omittable[ChoiceDeltaFunctionCall] = None
    audio: Omittable[ChoiceDeltaAudio] = None


class ChunkChoice(SparseAnswer):
    """One of the answers, a piece of it."""

    index: int
    delta: ChoiceDelta
    logprobs: ChoiceLogprobs | None = None
    finish_reason: FinishReason | None
    stop_reason: int | str | None = None
    token_ids: list[int] | None = None


class ChatCompletionChunk(SparseAnswer):
    """An event of a stream; the one with `usage` has no choices."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: CompletionUsage | None = None
    system_fingerprint: str | None = None
    prompt_token_ids: list[int] | None = None
    prompt_text: str | None = None
    metrics: dict[str, Any] | None = None
