"""Wire types of the model list. OpenAI's four fields first, then the card's facts."""

from typing import Literal

from pydantic import BaseModel

from serve_app.discovery import ServedModel


class Model(BaseModel):
    """One served model."""

    id: str
    object: Literal["model"] = "model"
    created: int
    """Unix time of the model's last deploy."""
    owned_by: str
    kind: str
    state: str
    """``ready``, ``idle`` (starts with the next request), ``loading`` or ``failed``."""
    reason: str | None = None
    """Why it failed."""
    aliases: list[str]
    parent: str | None = None
    """Of an adapter: the model that it changes."""
    context_length: int | None = None
    dimensions: int | None = None
    default_size: str | None = None
    backend: str
    description: str

    @classmethod
    def of(cls, model: ServedModel) -> "Model":
        """Return the wire form of a served model."""
        card = model.card
        return cls(
            id=model.id,
            created=model.created,
            owned_by=card.owned_by,
            kind=card.kind,
            state=model.state,
            reason=model.reason or None,
            aliases=[] if model.adapter else list(card.aliases),
            parent=card.id if model.adapter else None,
            context_length=card.context_length,
            dimensions=card.dimensions,
            default_size=card.default_size,
            backend=card.backend,
            description=card.description,
        )


class ModelList(BaseModel):
    """Answer of ``GET /v1/models``."""

    object: Literal["list"] = "list"
    data: list[Model]
