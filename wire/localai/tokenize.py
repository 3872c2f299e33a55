"""Request types of tokenize and detokenize in vLLM's format, with LocalAI's field names."""

from pydantic import Field, model_validator

from wire.answers import Answer
from wire.limits import MAX_TOKENIZED_CHARS
from wire.openai.chat import Message
from wire.requests import ModelRequest


class TokenizeRequest(ModelRequest):
    """Body of ``POST /v1/tokenize``: a text (``content`` in LocalAI) or a conversation."""

    prompt: str | None = Field(default=None, max_length=MAX_TOKENIZED_CHARS)
    content: str | None = Field(default=None, max_length=MAX_TOKENIZED_CHARS)
    messages: list[Message] | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _check_one_source(self) -> "TokenizeRequest":
        given = [
            name for name in ("prompt", "content", "messages") if getattr(self, name) is not None
        ]
        if len(given) != 1:
            received = " and ".join(given) or "none"
            raise ValueError(
                f"exactly one of prompt, content and messages is needed, got {received}"
            )
        return self

    def with_prompt(self) -> "TokenizeRequest":
        """Return the request with its text in ``prompt``."""
        if self.content is None:
            return self
        fields = self.model_dump(exclude={"content"}, exclude_unset=True)
        return TokenizeRequest.model_validate({**fields, "prompt": self.content})


class DetokenizeRequest(ModelRequest):
    """Body of ``POST /v1/detokenize``."""

    tokens: list[int]


class TokenizeResponse(Answer):
    """What a model reads of a text."""

    count: int
    max_model_len: int
    tokens: list[int]
    token_strs: list[str] | None


class DetokenizeResponse(Answer):
    """The text of tokens, under vLLM's name and LocalAI's."""

    prompt: str
    content: str
