"""The model card: what is known of a model without waking it.

The card travels in the deployment's ``user_config``, which Serve shows in its own details, so a
model at zero replicas has one too.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

CARD_KEY = "model_card"
"""Key of the card in a deployment's ``user_config``."""


class ModelCard(BaseModel):
    """Facts of a served model."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """The name in requests and answers."""
    kind: str
    """What the model does: ``chat``, ``embeddings`` …"""
    aliases: tuple[str, ...] = ()
    """Other names that requests may use."""
    owned_by: str = "homeport"
    """Who made the model."""
    context_length: int | None = None
    """Tokens of prompt and answer together; None when only the loaded engine knows."""
    backend: str = ""
    """The engine library."""
    description: str = ""
    """A sentence for people."""

    def to_user_config(self) -> dict[str, Any]:
        """Return the ``user_config`` that carries this card."""
        return {CARD_KEY: self.model_dump(mode="json")}
