"""What OpenAI's objects have in common: their lists, and the answer that one was deleted."""

from typing import Generic, Literal, TypeVar

from pydantic import ConfigDict

from wire.answers import Answer

Item = TypeVar("Item")


class ListPage(Answer, Generic[Item]):
    """A page of a list."""

    # pydantic would look for docstrings in the source that names the list's type.
    model_config = ConfigDict(use_attribute_docstrings=False)

    object: Literal["list"] = "list"
    data: list[Item]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(Answer, frozen=True):
    """The object is deleted."""

    id: str
    object: str
    deleted: Literal[True] = True
