"""Which files a filter lets through."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from wire.openai.search_filters import Filter

FILTER: TypeAdapter[Filter] = TypeAdapter(Filter)
FILE = {"year": 2026, "price": 1.5, "done": True, "name": "b"}


def comparison(kind: str, key: str, value: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "value": value}


YES = comparison("eq", "year", 2026)
NO = comparison("eq", "year", 1)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (YES, True),
        (comparison("eq", "year", 2026.0), True),
        (comparison("eq", "year", "2026"), False),
        (comparison("eq", "done", True), True),
        (comparison("eq", "done", 1), False),
        (comparison("ne", "name", "a"), True),
        (comparison("ne", "absent", "a"), True),
        (comparison("eq", "absent", "a"), False),
        (comparison("gt", "price", 1.5), False),
        (comparison("gte", "price", 1.5), True),
        (comparison("lt", "year", 2027), True),
        (comparison("lte", "year", 2025), False),
        (comparison("gt", "name", "a"), True),
        (comparison("gt", "name", 1), False),
        (comparison("lt", "absent", 1), False),
        (comparison("gt", "done", 0), False),
        (comparison("in", "name", ["a", "b"]), True),
        (comparison("in", "year", [1, 2]), False),
        (comparison("nin", "year", [1, 2]), True),
        (comparison("nin", "absent", [1]), True),
        ({"type": "and", "filters": [YES, NO]}, False),
        ({"type": "or", "filters": [YES, NO]}, True),
        ({"type": "and", "filters": [{"type": "or", "filters": [NO, YES]}, YES]}, True),
    ],
)
def test_file_is_let_through_as_its_attributes_say(filters: dict[str, Any], expected: bool) -> None:
    assert FILTER.validate_python(filters).matches(FILE) == expected


@pytest.mark.parametrize(
    "filters",
    [
        comparison("in", "a", 1),
        comparison("eq", "a", [1]),
        comparison("gt", "a", True),
        comparison("eq", "a", None),
        comparison("eq", "a", {}),
        comparison("like", "a", "b"),
        {"type": "and", "filters": []},
        {"type": "eq", "key": "a"},
        {**YES, "more": 1},
    ],
)
def test_filter_that_means_nothing_is_refused(filters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FILTER.validate_python(filters)
