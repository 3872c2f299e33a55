"""Wire types of completions. Reference: https://platform.openai.com/docs/api-reference/completions/create."""

from pydantic import Field, model_validator

from serve_app.protocol.chat import Sampling


class CompletionRequest(Sampling):
    """Body of ``POST /v1/completions``."""

    prompt: str | list[str] | list[int] | list[list[int]]
    max_tokens: int | None = Field(default=None, ge=0)
    echo: bool | None = None
    logprobs: int | None = Field(default=None, ge=0, le=20)
    suffix: str | None = None

    @model_validator(mode="after")
    def _streams_something(self) -> "CompletionRequest":
        if self.stream and self.max_tokens == 0:
            raise ValueError("'max_tokens' must be at least 1 when 'stream' is true")
        return self
