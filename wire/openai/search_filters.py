"""OpenAI's search filters, which select files by their attributes."""

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StrictBool, StrictStr, Tag, model_validator

from wire.limits import MAX_METADATA_KEY_CHARS, MAX_SEARCH_FILTERS
from wire.requests import StoredBody, by_type

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Value = StrictBool | StrictStr | Number
Attributes = Mapping[str, Value]

Comparison = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]
Compound = Literal["and", "or"]
TAGS = {
    **dict.fromkeys(get_args(Comparison), "[comparison]"),
    **dict.fromkeys(get_args(Compound), "[compound]"),
}

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"gt": gt, "gte": ge, "lt": lt, "lte": le}


class ComparisonFilter(StoredBody):
    """A comparison of one attribute with a value."""

    type: Comparison
    key: str = Field(max_length=MAX_METADATA_KEY_CHARS)
    value: Value | list[Value]

    @model_validator(mode="after")
    def _check_value(self) -> "ComparisonFilter":
        if isinstance(self.value, list) != (self.type in ("in", "nin")):
            wanted = "a list" if self.type in ("in", "nin") else "one value"
            raise ValueError(f"value of '{self.type}' must be {wanted}")
        if self.type in _ORDERS and isinstance(self.value, bool):
            raise ValueError(f"value of '{self.type}' must be a number or a text")
        return self

    def matches(self, attributes: Attributes) -> bool:
        """Return whether a file with these attributes matches.

        A missing attribute is unequal to every value.
        """
        value = attributes.get(self.key)
        if self.type in _ORDERS:
            comparable = value is not None and _sort(value) == _sort(self.value) != "bool"
            return comparable and _ORDERS[self.type](value, self.value)
        allowed = self.value if isinstance(self.value, list) else [self.value]
        is_one = any(_sort(value) == _sort(each) and value == each for each in allowed)
        return is_one == (self.type in ("eq", "in"))


class CompoundFilter(StoredBody):
    """Filters of which all or any must match."""

    type: Compound
    filters: "list[Filter]" = Field(min_length=1, max_length=MAX_SEARCH_FILTERS)

    def matches(self, attributes: Attributes) -> bool:
        """Return whether a file with these attributes matches."""
        each = (one.matches(attributes) for one in self.filters)
        return all(each) if self.type == "and" else any(each)


Filter = Annotated[
    Annotated[ComparisonFilter, Tag("[comparison]")] | Annotated[CompoundFilter, Tag("[compound]")],
    by_type(TAGS),
]
CompoundFilter.model_rebuild()


def _sort(value: object) -> str:
    """Return the type for comparisons: true differs from 1, but 1 equals 1.0."""
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__
