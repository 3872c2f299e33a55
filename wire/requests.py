"""Base classes of all request bodies."""

from typing import Any, cast

from pydantic import BaseModel, ConfigDict


class RequestBody(BaseModel):
    """Base of request bodies. Declared fields are validated; others are kept for the engine."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)


class ModelRequest(RequestBody):
    """The fields with which every request selects a model."""

    model: str | None = None
    """An id or an alias; None: the first model of the kind."""
    backend: str | None = None
    """LocalAI's field: the library that must serve the model."""


def type_of(value: object) -> object:
    """Return the type of an object such as ``{"type": "url"}``; other values are returned as is."""
    return cast("dict[str, Any]", value).get("type") if isinstance(value, dict) else value
