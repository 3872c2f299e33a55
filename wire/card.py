"""The model card: the facts about a model that are available without starting a replica.

The card is stored in the deployment's ``user_config``, which Serve includes in its details, so a
model scaled to zero has one too.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from wire.calls import Kind

CARD_KEY = "model_card"
"""Key of the card in a deployment's ``user_config``."""


def _parse_kind(kind: Any) -> Kind | None:
    """Return None for a kind of another version: its card must not hide the other models."""
    try:
        return Kind(kind)
    except ValueError:
        return None


class Voice(BaseModel):
    """A voice of a speech model."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """The name in requests."""
    name: str = ""
    """Display name; empty: the id."""
    languages: tuple[str, ...] = ()
    """Languages it speaks, as lower-case tags; empty: unknown."""
    gender: str | None = None
    """``female``, ``male``, or None if unknown."""
    aliases: tuple[str, ...] = ()
    """Other names that requests may use, for example those of OpenAI's and ElevenLabs' voices."""


ADAPTER_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
"""The pattern of an adapter's name, which is a file name and part of log lines."""


class ModelCard(BaseModel):
    """Facts about a served model."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    """The name in requests and answers."""
    kind: Annotated[Kind | None, BeforeValidator(_parse_kind)]
    """What the model does; None where this version does not have the kind."""
    aliases: tuple[str, ...] = ()
    """Other names that requests may use; ``*`` stands for any characters, ``?`` for one."""
    owned_by: str = "homeport"
    """The organisation that made the model."""
    context_length: int | None = None
    """Maximum tokens of prompt and answer; None if only the loaded engine can determine it."""
    input_parts: tuple[str, ...] = ("text",)
    """Types of message parts that a chat model reads natively: ``input_audio`` …"""
    thinks: bool = False
    """Whether a chat model's thoughts are separated from its answers."""
    adapters: tuple[str, ...] = ()
    """Names of a chat model's LoRA adapters; requests select one with ``id:adapter``."""
    finds_adapters: bool = False
    """Whether replicas also look for adapters in a directory."""
    voices: tuple[Voice, ...] = ()
    """Voices of a speech model; the first is the default."""
    voices_are_native: bool = False
    """Whether a voice speaks its own languages only; else each speaks all of the model's."""
    fallback: str | None = None
    """A speech model, by id or alias, for the voices and languages that this one lacks."""
    dimensions: int | None = None
    """Length of an embeddings model's vectors."""
    vector_lengths: tuple[int, ...] = ()
    """Lengths that requests may choose from; empty: there is only the model's own."""
    default_size: str | None = None
    """Size in pixels, width x height, of an image if the request has no ``size``."""
    backend: str = ""
    """The engine library."""
    description: str = ""
    """A sentence for the model list."""

    def to_user_config(self) -> dict[str, Any]:
        """Return the ``user_config`` that carries this card."""
        return {CARD_KEY: self.model_dump(mode="json")}
