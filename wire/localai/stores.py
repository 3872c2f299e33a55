"""Request types of LocalAI's stores, which keep clients' own vectors, each with a text."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from wire.answers import Answer
from wire.limits import MAX_KEY_LENGTH, MAX_KEYS, MAX_NAME_CHARS, MAX_TOPK
from wire.requests import RequestBody

LARGEST = 3.4e38
"""Largest number that can be stored: float32."""

Key = Annotated[
    list[Annotated[float, Field(ge=-LARGEST, le=LARGEST)]],
    Field(min_length=1, max_length=MAX_KEY_LENGTH),
]


def _of_one_length(keys: list[list[float]]) -> list[list[float]]:
    lengths = sorted({len(key) for key in keys})
    if len(lengths) > 1:
        raise ValueError(
            f"all keys must have one length, received {lengths[0]} and {lengths[1]} numbers"
        )
    return keys


Keys = Annotated[list[Key], Field(min_length=1, max_length=MAX_KEYS)]


class StoreRequest(RequestBody):
    """Fields of all requests. ``backend`` is LocalAI's and has no effect."""

    store: Annotated[str, StringConstraints(max_length=MAX_NAME_CHARS)] = ""
    backend: str | None = None


class StoreKeys(StoreRequest):
    """Body of ``POST /v1/stores/get`` and ``/v1/stores/delete``."""

    keys: Annotated[Keys, AfterValidator(_of_one_length)]


class StoreSet(StoreKeys):
    """Body of ``POST /v1/stores/set``."""

    values: list[str]

    @field_validator("values")
    @classmethod
    def _check_value_count(cls, values: list[str], info: ValidationInfo) -> list[str]:
        keys = info.data.get("keys")
        if keys is not None and len(keys) != len(values):
            raise ValueError(
                f"each key needs a value, received {len(keys)} keys and {len(values)} values"
            )
        return values


class StoreFind(StoreRequest):
    """Body of ``POST /v1/stores/find``."""

    key: Key
    topk: int = Field(ge=1, le=MAX_TOPK)


class EmptyAnswer(Answer):
    """The change is made."""


class StoreEntries(Answer):
    """Vectors and their texts."""

    keys: list[list[float]]
    values: list[str]


class StoreNeighbours(StoreEntries):
    """The most similar entries, the best first."""

    similarities: list[float]
    """Cosines."""
