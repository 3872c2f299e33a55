"""What all declared answers share. No answer passes through these types: engines write the bytes.

The tests compare the real ones with the document made of these.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import SkipJsonSchema

Absent = SkipJsonSchema[None]
"""``int | Absent = None`` may be left out and is never null; ``int | None`` is always there."""


class Answer(BaseModel):
    """Base of declared answers."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class OpenAnswer(Answer):
    """Base of answers that repeat what a client sent, whatever else it holds."""

    model_config = ConfigDict(extra="allow")


class ErrorFacts(Answer):
    """What went wrong."""

    message: str
    """The parameter, what was received and what is allowed; of our failures the request's id."""
    type: str
    param: str | None
    """The parameter of the request that is meant."""
    code: str | None
    """A word for programs, as `model_not_found`."""


class Error(Answer):
    """OpenAI's error."""

    error: ErrorFacts


class MessagesErrorFacts(Answer):
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


class MessagesError(Answer):
    """Anthropic's error."""

    type: Literal["error"]
    error: MessagesErrorFacts
    request_id: str
    """Also in the header `request-id`."""


class PromptTokensDetails(Answer):
    """Of the tokens that were read."""

    cached_tokens: int
    """Those that the model had read before and found again."""
    cache_write_tokens: int
    audio_tokens: int | None = None
    image_tokens: int | None = None


class CompletionTokensDetails(Answer):
    """Of the tokens that were written."""

    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class TokenUsage(Answer):
    """Tokens that were read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: PromptTokensDetails | None = None
    """Where the model's `engine_kwargs` ask for it."""
    completion_tokens_details: CompletionTokensDetails | None = None


class ReadUsage(Answer):
    """Tokens that were read, by models that write none."""

    prompt_tokens: int
    total_tokens: int
