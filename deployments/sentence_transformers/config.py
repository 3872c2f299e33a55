"""``args`` that embeddings and rerank models share."""

from typing import Literal

from pydantic import Field

from deployments.config import ModelConfig
from wire.card import ModelCard


class EncoderConfig(ModelConfig, frozen=True):
    """A model that reads whole texts in batches."""

    backend: Literal["sentence-transformers"] = "sentence-transformers"
    """The engine library. ``engine_kwargs`` takes the options of its model's constructor
    (``device``, ``model_kwargs``, ``prompts``, ``trust_remote_code`` …)."""
    context_length: int | None = Field(default=None, ge=1)
    """Tokens that the model reads of an input. None: as many as its files state."""
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
