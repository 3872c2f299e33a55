"""Answer types of the model list: OpenAI's four fields, then those of the model card."""

from typing import Literal

from wire.answers import Answer


class Model(Answer):
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
    """The error, if the state is ``failed``."""
    aliases: list[str]
    parent: str | None = None
    """Only for an adapter: its base model."""
    context_length: int | None = None
    dimensions: int | None = None
    default_size: str | None = None
    backend: str
    description: str


class ModelList(Answer):
    """Answer of ``GET /v1/models``."""

    object: Literal["list"] = "list"
    data: list[Model]
