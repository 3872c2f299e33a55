"""Anthropic's list of models. Reference: https://docs.anthropic.com/en/api/models-list."""

import time
from collections.abc import Sequence
from typing import Literal

from wire.answers import Answer
from wire.card import ModelCard
from wire.errors import InvalidRequestError, echo


class ModelInfo(Answer):
    """One model."""

    type: Literal["model"] = "model"
    id: str
    display_name: str
    created_at: str
    """When the model was deployed, as in RFC 3339."""
    lifecycle: Literal["active"] = "active"
    line: None = None
    capabilities: None = None
    deprecated_at: None = None
    retires_at: None = None
    max_input_tokens: int | None
    max_tokens: int | None

    @classmethod
    def of(cls, name: str, card: ModelCard, created: int) -> "ModelInfo":
        """Return the entry of a model that is requested by ``name``."""
        return cls(
            id=name,
            display_name=name,
            created_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created)),
            max_input_tokens=card.context_length,
            max_tokens=card.context_length,
        )


class ModelPage(Answer):
    """A page of the list."""

    data: list[ModelInfo]
    has_more: bool
    first_id: str | None
    last_id: str | None

    @classmethod
    def of(
        cls, models: Sequence[ModelInfo], limit: int, after_id: str | None, before_id: str | None
    ) -> "ModelPage":
        """Return the models after or before one of them.

        Raises:
            InvalidRequestError: there is no such model.
        """
        start, end = 0, len(models)
        if after_id:
            start = _find(models, after_id, "after_id") + 1
        if before_id:
            end = _find(models, before_id, "before_id")
        page = models[start:end]
        data = page[-limit:] if before_id and not after_id else page[:limit]
        return cls(
            data=list(data),
            has_more=len(page) > len(data),
            first_id=data[0].id if data else None,
            last_id=data[-1].id if data else None,
        )


def _find(models: Sequence[ModelInfo], name: str, param: str) -> int:
    for index, model in enumerate(models):
        if model.id == name:
            return index
    raise InvalidRequestError(f"'{param}': there is no model {echo(name)}.", param)
