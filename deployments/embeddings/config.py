"""``args`` of an embeddings model application, and those that rerank shares with it."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from deployments.config import ModelConfig
from wire.calls import Kind
from wire.card import ModelCard


class EncoderConfig(ModelConfig, frozen=True):
    """A model that reads whole texts in batches."""

    backend: Literal["sentence-transformers"] = "sentence-transformers"
    """The engine library. ``engine_kwargs`` takes the options of its model's constructor
    (``device``, ``model_kwargs``, ``prompts``, ``trust_remote_code`` …)."""
    context_length: int | None = Field(default=None, ge=1)
    """Tokens that the model reads of an input. None: as many as its own files say."""
    max_batch_tokens: int = Field(default=16_384, ge=1)
    """Tokens of one forward pass, padding included. It bounds memory, and how long a short request
    waits for a long one. The default suits a GPU; a CPU gains nothing above some hundred."""
    max_queued_tokens: int = Field(default=1_000_000, ge=1)
    """Tokens that may wait in a replica; a request that finds more gets a 429. The default is some
    seconds of work for a GPU."""
    max_requests: int = Field(default=256, ge=1)
    """Requests that a replica holds at once; one more gets a 429. As many as a pass of short texts
    may take from different clients."""

    def card(self) -> ModelCard:
        """Add what is known before the model is loaded."""
        facts = {"backend": self.backend, "context_length": self.context_length}
        return super().card().model_copy(update=facts)


class EmbeddingsConfig(EncoderConfig, frozen=True):
    """A model that turns texts into vectors."""

    kind: Literal[Kind.EMBEDDINGS] = Kind.EMBEDDINGS
    dimensions: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Lengths of vectors that requests may ask for: the model's own first, then those that it was
    trained to be cut to (Matryoshka). Empty: only its own, which then is not listed."""
    over_length: Literal["truncate", "refuse"] = "truncate"
    """What becomes of an input beyond the context: its beginning is used, or it gets a 400 as
    OpenAI does it. The default is what the model's own library does."""

    @field_validator("dimensions")
    @classmethod
    def _own_is_longest(cls, dimensions: tuple[int, ...]) -> tuple[int, ...]:
        if dimensions and max(dimensions) != dimensions[0]:
            raise ValueError("the model's own length, which is the longest, comes first")
        return dimensions

    def card(self) -> ModelCard:
        """Add the length of the vectors."""
        length = self.dimensions[0] if self.dimensions else None
        return super().card().model_copy(update={"dimensions": length})
