"""The base of every dialect's request bodies."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """Base of request bodies: unknown fields are kept for the engine, known ones are checked."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class ModelRequest(RequestBody):
    """What a request to any kind of model may say of the model."""

    model: str | None = None
    """An id or an alias; None: the first model of the kind."""
    backend: str | None = None
    """LocalAI's: the library that must serve the model."""


def type_of(value: object) -> object:
    """Return the type in ``{"type": "url"}``, an object in place of a word; else ``value``."""
    return cast("dict[str, Any]", value).get("type") if isinstance(value, dict) else value
