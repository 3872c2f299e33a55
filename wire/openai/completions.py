"""Request types of completions. Reference: https://platform.openai.com/docs/api-reference/completions/create."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Discriminator, Field, Tag, model_validator

from wire.answers import Omittable, SparseAnswer
from wire.errors import InvalidRequestError
from wire.hints import OF_COMPLETIONS
from wire.limits import MAX_CHOICES, MAX_LOGPROBS
from wire.openai.chat import FinishReason, Sampling
from wire.openai.usage import CompletionUsage

Item = TypeVar("Item")
Several = Annotated[list[Item], Field(min_length=1)]


def _find_form(prompt: Any) -> str | None:
    """Return the tag of a prompt's form. To try each would take long with many token ids."""
    if isinstance(prompt, str):
        return "[text]"
    if not isinstance(prompt, list):
        return None
    first = type(prompt[0]) if prompt else str
    return {str: "[texts]", int: "[ids]", list: "[lists]"}.get(first)


Prompt = Annotated[
    Annotated[str, Tag("[text]")]
    | Annotated[Several[str], Tag("[texts]")]
    | Annotated[Several[int], Tag("[ids]")]
    | Annotated[Several[list[int]], Tag("[lists]")],
    Discriminator(
        _find_form,
        custom_error_type="text_type",
        custom_error_message="must be a string, a list of strings, or token ids",
    ),
]


class CompletionRequest(Sampling):
    """Body of ``POST /v1/completions``."""

    hints = OF_COMPLETIONS
    elsewhere = ("messages", "tools", "tool_choice")

    prompt: Prompt
    max_tokens: int | None = Field(default=None, ge=0)
    echo: bool | None = None
    logprobs: int | None = Field(default=None, ge=0, le=MAX_LOGPROBS)
    suffix: str | None = None
    best_of: int | None = Field(default=None, ge=1, le=MAX_CHOICES)

    def num_answers(self) -> int:
        """Return the number of requested answers: ``n`` per prompt."""
        several = isinstance(self.prompt, list) and not isinstance(self.prompt[0], int)
        return super().num_answers() * (len(self.prompt) if several else 1)

    @model_validator(mode="after")
    def _check_best_of(self) -> "CompletionRequest":
        if self.best_of is not None and self.best_of < (self.n or 1):
            raise InvalidRequestError(
                f"Invalid 'best_of': must be at least 'n' ({self.n}), received {self.best_of}.",
                "best_of",
            )
        return self

    @model_validator(mode="after")
    def _check_max_tokens(self) -> "CompletionRequest":
        if self.stream and self.max_tokens == 0:
            raise InvalidRequestError(
                "Invalid 'max_tokens': must be at least 1 when 'stream' is true.", "max_tokens"
            )
        return self


class CompletionLogprobs(SparseAnswer):
    """Of each token of the text."""

    text_offset: list[int]
    token_logprobs: list[float | None]
    tokens: list[str]
    top_logprobs: list[dict[str, float] | None]


class CompletionChoice(SparseAnswer):
    """One of the continuations, or in a stream a piece of it."""

    index: int
    text: str
    logprobs: CompletionLogprobs | None
    finish_reason: FinishReason | None
    stop_reason: int | str | None = None
    token_ids: list[int] | None = None
    prompt_logprobs: list[dict[str, Any] | None] | None = None
    prompt_token_ids: list[int] | None = None
    routed_experts: Omittable[str] = None


class Completion(SparseAnswer):
    """A whole answer."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: CompletionUsage
    service_tier: Omittable[str] = None
    system_fingerprint: str | None = None
    metrics: Omittable[dict[str, Any]] = None


class CompletionChunk(SparseAnswer):
    """An event of a stream; the one with `usage` has no choices."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: CompletionUsage | None = None
    system_fingerprint: str | None = None
    metrics: dict[str, Any] | None = None
