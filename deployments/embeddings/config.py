"""``args`` of an embeddings model application."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from deployments.sentence_transformers.config import EncoderConfig
from wire.calls import Kind
from wire.card import ModelCard


class EmbeddingsConfig(EncoderConfig, frozen=True):
    """A model that turns texts into vectors."""

    kind: Literal[Kind.EMBEDDINGS] = Kind.EMBEDDINGS
    dimensions: tuple[Annotated[int, Field(ge=1)], ...] = ()
    """Lengths of vectors that requests may ask for: the model's own first, then those that it was
    trained to be cut to (Matryoshka). Empty: only its own, which then is not listed."""
    over_length: Literal["truncate", "refuse"] = "truncate"
    """What happens to an input beyond the context: its beginning is used, or it gets a 400 as
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
        update = {"dimensions": length, "vector_lengths": self.dimensions}
        return super().card().model_copy(update=update)
