"""Answers of chat completions, completions, edits, moderations and of the tokenizer."""

from typing import Any, Literal

from serve_app.openapi.answers.common import Absent, Answer, TokenUsage

FinishReason = Literal["stop", "length", "tool_calls", "function_call", "content_filter"]


class TokenAlternative(Answer):
    """A token and its natural logarithm of probability."""

    token: str
    logprob: float
    bytes: list[int] | None


class TokenLogprob(TokenAlternative):
    """A token that was chosen, and the likeliest in its place."""

    top_logprobs: list[TokenAlternative]


class ChatLogprobs(Answer):
    """Of each token of the content."""

    content: list[TokenLogprob] | None


class CalledFunction(Answer):
    """A call: the function's name, and its arguments as JSON, which may be invalid."""

    name: str
    arguments: str


class ChatToolCall(Answer):
    """A call of a tool."""

    id: str
    type: Literal["function"]
    function: CalledFunction


class ChatAudio(Answer):
    """The answer as it is spoken."""

    id: str
    data: str
    """The file in base64."""
    transcript: str
    expires_at: int
    """Unix time until which the id may be sent in place of the answer."""


class ChatMessage(Answer):
    """What the model says."""

    role: Literal["assistant"]
    content: str | None
    """Null where it calls tools or speaks."""
    refusal: str | None
    annotations: list[dict[str, Any]] | None = None
    audio: ChatAudio | None
    function_call: CalledFunction | None = None
    tool_calls: list[ChatToolCall] | Absent = None
    reasoning: str | Absent = None
    """What a model with a reasoning parser thought."""
    reasoning_content: str | Absent = None
    """The same, under LocalAI's name."""


class ChatChoice(Answer):
    """One of the answers."""

    index: int
    message: ChatMessage
    logprobs: ChatLogprobs | None
    finish_reason: FinishReason | None
    stop_reason: int | str | Absent = None
    """vLLM's: the text or token that ended the answer."""
    token_ids: list[int] | Absent = None
    """vLLM's, where `return_token_ids` asks for it."""
    routed_experts: str | Absent = None


class ChatCompletion(Answer):
    """A whole answer."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: TokenUsage
    service_tier: str | None = None
    system_fingerprint: str | None = None
    prompt_logprobs: list[dict[str, Any] | None] | Absent = None
    prompt_token_ids: list[int] | Absent = None
    prompt_text: str | Absent = None
    metrics: dict[str, Any] | Absent = None


class FunctionDelta(Answer):
    """A part of a call: first the name, then the arguments in pieces."""

    name: str | None = None
    arguments: str | None = None


class ChatToolCallDelta(Answer):
    """A part of the call of a tool; the index tells which."""

    index: int
    id: str | None = None
    type: Literal["function"] | None = None
    function: FunctionDelta | None = None


class ChatAudioDelta(Answer):
    """A part of a spoken answer: the id once, text and sound as they come, at last the expiry."""

    id: str | Absent = None
    transcript: str | Absent = None
    data: str | Absent = None
    """24 kHz, mono, 16 bit, little endian, in base64."""
    expires_at: int | Absent = None


class ChatDelta(Answer):
    """What came since the chunk before."""

    role: Literal["assistant"] | Absent = None
    content: str | None = None
    refusal: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[ChatToolCallDelta] | Absent = None
    function_call: FunctionDelta | Absent = None
    audio: ChatAudioDelta | Absent = None


class ChatChunkChoice(Answer):
    """One of the answers, a piece of it."""

    index: int
    delta: ChatDelta
    logprobs: ChatLogprobs | None = None
    finish_reason: FinishReason | None
    stop_reason: int | str | None = None
    token_ids: list[int] | None = None


class ChatCompletionChunk(Answer):
    """An event of a stream; the one with `usage` has no choices."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChatChunkChoice]
    usage: TokenUsage | None = None
    system_fingerprint: str | None = None
    prompt_token_ids: list[int] | None = None
    prompt_text: str | None = None
    metrics: dict[str, Any] | None = None


class CompletionLogprobs(Answer):
    """Of each token of the text."""

    text_offset: list[int]
    token_logprobs: list[float | None]
    tokens: list[str]
    top_logprobs: list[dict[str, float] | None]


class CompletionChoice(Answer):
    """One of the continuations, or in a stream a piece of it."""

    index: int
    text: str
    logprobs: CompletionLogprobs | None
    finish_reason: FinishReason | None
    stop_reason: int | str | None = None
    token_ids: list[int] | None = None
    prompt_logprobs: list[dict[str, Any] | None] | None = None
    prompt_token_ids: list[int] | None = None
    routed_experts: str | Absent = None


class Completion(Answer):
    """A whole answer."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: TokenUsage
    service_tier: str | Absent = None
    system_fingerprint: str | None = None
    metrics: dict[str, Any] | Absent = None


class CompletionChunk(Answer):
    """An event of a stream; the one with `usage` has no choices."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: TokenUsage | None = None
    system_fingerprint: str | None = None
    metrics: dict[str, Any] | None = None


class EditChoice(Answer):
    """A changed text."""

    text: str
    index: int


class EditUsage(Answer):
    """Tokens that were read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Edit(Answer):
    """A changed text, as often as asked for."""

    object: Literal["edit"]
    created: int
    choices: list[EditChoice]
    usage: EditUsage


class Tokens(Answer):
    """What a model reads of a text."""

    count: int
    max_model_len: int
    tokens: list[int]
    token_strs: list[str] | None


class DetokenizedText(Answer):
    """The text of tokens, under vLLM's name and LocalAI's."""

    prompt: str
    content: str


class ModerationResult(Answer):
    """What is wrong with a text."""

    flagged: bool
    categories: dict[str, bool]
    """By the names of OpenAI's categories."""
    category_scores: dict[str, float]
    category_applied_input_types: dict[str, list[Literal["text"]]]


class Moderation(Answer):
    """A result for each text."""

    id: str
    model: str
    results: list[ModerationResult]
