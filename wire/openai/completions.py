"""Request types of completions. Reference: https://platform.openai.com/docs/api-reference/completions/create."""

from typing import Annotated, TypeVar

from pydantic import Field, model_validator

from wire.errors import InvalidRequestError
from wire.openai.chat import Sampling

Item = TypeVar("Item")
Several = Annotated[list[Item], Field(min_length=1)]


class CompletionRequest(Sampling):
    """Body of ``POST /v1/completions``."""

    elsewhere = ("messages", "tools", "tool_choice")

    prompt: str | Several[str] | Several[int] | Several[list[int]]
    max_tokens: int | None = Field(default=None, ge=0)
    echo: bool | None = None
    logprobs: int | None = Field(default=None, ge=0, le=20)
    suffix: str | None = None

    def num_answers(self) -> int:
        """Return the number of requested answers: ``n`` per prompt."""
        several = isinstance(self.prompt, list) and not isinstance(self.prompt[0], int)
        return super().num_answers() * (len(self.prompt) if several else 1)

    @model_validator(mode="after")
    def _check_max_tokens(self) -> "CompletionRequest":
        if self.stream and self.max_tokens == 0:
            raise InvalidRequestError(
                "Invalid 'max_tokens': must be at least 1 when 'stream' is true.", "max_tokens"
            )
        return self
