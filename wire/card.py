"""The model card: what is known of a model without waking it.

The card travels in the deployment's ``user_config``, which Serve shows in its own details, so a
model at zero replicas has one too.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict

CARD_KEY = "model_card"
"""Key of the card in a deployment's ``user_config``."""


class Voice(BaseModel):
    """A voice of a speech model."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """The name in requests."""
    name: str = ""
    """For people; empty: the id."""
    languages: tuple[str, ...] = ()
    """What it speaks, as lower-case language tags; empty: not known."""
    gender: str | None = None
    """``female``, ``male`` or not known."""
    aliases: tuple[str, ...] = ()
    """Other names that requests may use: those of OpenAI's and ElevenLabs' voices."""


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
    input_parts: tuple[str, ...] = ("text",)
    """Types of the parts of a message that a chat model reads itself: ``input_audio`` …"""
    adapters: tuple[str, ...] = ()
    """Names of a chat model's LoRA adapters: requests ask for ``id:adapter``."""
    finds_adapters: bool = False
    """Whether replicas know a place where they look for adapters that are not named here."""
    voices: tuple[Voice, ...] = ()
    """What a speech model speaks with; the first is the default."""
    dimensions: int | None = None
    """Length of an embeddings model's vectors."""
    default_size: str | None = None
    """Pixels, width x height, of an image whose request names no size."""
    backend: str = ""
    """The engine library."""
    description: str = ""
    """A sentence for people."""

    def to_user_config(self) -> dict[str, Any]:
        """Return the ``user_config`` that carries this card."""
        return {CARD_KEY: self.model_dump(mode="json")}
