"""What OpenAI's objects have in common: their lists, and the answer that one was deleted."""

from collections.abc import Sequence
from typing import Annotated, Any, Generic, Literal, Self, TypeVar, cast

from pydantic import ConfigDict, Field, StringConstraints

from wire.answers import Answer
from wire.limits import MAX_METADATA_KEY_CHARS, MAX_METADATA_PAIRS, MAX_METADATA_VALUE_CHARS

Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(max_length=MAX_METADATA_KEY_CHARS)],
        Annotated[str, StringConstraints(max_length=MAX_METADATA_VALUE_CHARS)],
    ],
    Field(max_length=MAX_METADATA_PAIRS),
]
"""Labels of an object, within OpenAI's limits."""

Item = TypeVar("Item")
ObjectName = TypeVar("ObjectName")


class ListPage(Answer, Generic[Item]):
    """A page of a list."""

    # pydantic would look for docstrings in the source that names the type argument.
    model_config = ConfigDict(use_attribute_docstrings=False)

    object: Literal["list"] = "list"
    data: list[Item]
    first_id: str | None
    last_id: str | None
    has_more: bool

    @classmethod
    def of(cls, items: Sequence[Item], *, has_more: bool = False) -> Self:
        """Return the page of these items."""
        ids = [_id(items[0]), _id(items[-1])] if items else [None, None]
        return cls(data=list(items), first_id=ids[0], last_id=ids[1], has_more=has_more)


class Deleted(Answer, Generic[ObjectName]):
    """The object is deleted."""

    model_config = ConfigDict(use_attribute_docstrings=False)

    id: str
    object: ObjectName
    deleted: Literal[True] = True


def _id(item: object) -> str:
    return cast("dict[str, Any]", item)["id"] if isinstance(item, dict) else cast("Any", item).id
