"""The base of every dialect's answers.

What a route answers is made of these types, and so are the OpenAPI document and the tests. Answers
on the token path are bytes of the engine; their types only describe them.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema


def _is_none(value: object) -> bool:
    return value is None


T = TypeVar("T")
Omittable = Annotated[T | SkipJsonSchema[None], Field(exclude_if=_is_none)]
"""``Omittable[int] = None`` is left out where it is None; ``int | None`` is always sent."""


class Answer(BaseModel):
    """Base of answers."""

    model_config = ConfigDict(use_attribute_docstrings=True, defer_build=True)


class SparseAnswer(Answer):
    """Base of answers that engines write: a field whose default is None may be absent."""


class OpenAnswer(Answer):
    """Base of answers that repeat what a client sent, whatever else it contains."""

    model_config = ConfigDict(extra="allow")
