"""Which members of a request type take numbers."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from wire.booleans import find_boolean, numeric_members


class Request(BaseModel):
    count: int
    share: Annotated[float | None, Field(ge=0)] = None
    ids: list[int] | None = None
    weights: dict[str, Annotated[float, Field(le=1)]] | None = None
    either: bool | int | None = None
    anything: Any = None
    text: str | None = None


def test_members_that_take_numbers_and_no_booleans() -> None:
    assert numeric_members(Request) == {"count", "share", "ids", "weights"}


def test_first_boolean_is_found_in_lists_and_objects() -> None:
    names = numeric_members(Request)

    assert find_boolean(names, {"count": 1, "either": True, "text": "x"}) is None
    assert find_boolean(names, {"count": True}) == ("count",)
    assert find_boolean(names, {"ids": [1, 2, False]}) == ("ids", 2)
    assert find_boolean(names, {"weights": {"a": 1, "b": True}}) == ("weights", "b")
