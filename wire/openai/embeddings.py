"""Request types of embeddings. Reference: https://platform.openai.com/docs/api-reference/embeddings/create."""

from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, model_validator

from wire.answers import Answer
from wire.errors import echo
from wire.fields import refuse_unless_neutral
from wire.hints import OF_EMBEDDINGS
from wire.limits import MAX_INPUTS, MAX_TOKEN_IDS
from wire.openai.usage import PromptUsage
from wire.requests import ModelRequest

NEUTRAL: dict[str, tuple[Any, ...]] = {
    "stream": (None, False),
    "response_format": (None, "", {}),
}
"""Fields of LocalAI's shared request type that do not apply, and their accepted values."""


def _inputs(value: Any) -> list[str | list[int]]:
    """Return the inputs as a list. For a union, pydantic's errors would not name the input."""
    if isinstance(value, str):
        return [_input(value, "it")]
    if not isinstance(value, list):
        raise ValueError(f"a text, token ids or a list of those is needed, received {echo(value)}")
    items: list[Any] = value
    if items and type(items[0]) is int:
        _check_room(len(items))
        if all(type(item) is int for item in items):
            return [items]
    if not 1 <= len(items) <= MAX_INPUTS:
        raise ValueError(f"1 to {MAX_INPUTS} inputs are allowed, received {len(items)}")
    _check_room(sum(len(item) for item in items if isinstance(item, list)))
    return [_input(item, f"input[{index}]") for index, item in enumerate(items)]


def _check_room(num_ids: int) -> None:
    """Refuse too many ids before any is validated, since that would block other requests."""
    if num_ids > MAX_TOKEN_IDS:
        raise ValueError(f"at most {MAX_TOKEN_IDS} token ids are allowed, received {num_ids}")


def _input(item: Any, name: str) -> str | list[int]:
    if isinstance(item, str) and item:
        return item
    if isinstance(item, list) and item and all(type(token) is int for token in item):
        return item
    what = "empty" if item in ("", []) else f"{echo(item)}, neither a text nor a list of token ids"
    raise ValueError(f"{name} is {what}")


class EmbeddingsRequest(ModelRequest):
    """Body of ``POST /v1/embeddings``."""

    hints = OF_EMBEDDINGS

    input: Annotated[list[str | list[int]], PlainValidator(_inputs)]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = Field(default=None, ge=1)
    input_type: str | None = Field(default=None, max_length=200)
    user: str | None = None

    @model_validator(mode="after")
    def _refuse_other_output(self) -> "EmbeddingsRequest":
        refuse_unless_neutral(self.model_extra or {}, NEUTRAL)
        return self


class Embedding(Answer):
    """The vector of an input."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str
    """Numbers, or with `encoding_format` base64 little-endian float32."""


class CreateEmbeddingResponse(Answer):
    """A vector for each input, in their order."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: PromptUsage
